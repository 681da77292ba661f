#include "notify/post_box.h"

#include <gtest/gtest.h>

#include "notify/post_office.h"

namespace oriel::notify {
namespace {

constexpr UtcTime kStart{1'770'000'000'000'000};

// What a courier was given; a test waits for it.
struct Deliveries {
  std::vector<std::vector<Notice>> wait(std::size_t count) {
    std::unique_lock lock(mutex);
    changed.wait_for(lock, std::chrono::seconds(30), [&] { return made.size() >= count; });
    return made;
  }
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::vector<Notice>> made;
  int failures = 0;  // so many deliveries fail first
};

class KeepingCourier final : public Courier {
 public:
  explicit KeepingCourier(Deliveries& deliveries) : deliveries_(deliveries) {}
  std::string_view name() const override { return "kept"; }
  Result<void> deliver(const std::vector<Notice>& notices, const std::stop_token&) override {
    const std::lock_guard lock(deliveries_.mutex);
    deliveries_.made.push_back(notices);
    deliveries_.changed.notify_all();
    if (deliveries_.failures-- > 0) return fail(ErrorKind::unavailable, "away");
    return {};
  }

 private:
  Deliveries& deliveries_;
};

Notice notice_of(int number, NoticeKind event = NoticeKind::raised) {
  Notice notice;
  notice.event = event;
  notice.alarm.id = number;
  notice.alarm.kind = "source_lost";
  notice.alarm.subject = "feed-" + std::to_string(number);
  notice.alarm.message = "Nothing arrives.";
  notice.alarm.raised_at = kStart;
  return notice;
}

class PostBoxTest : public testing::Test {
 protected:
  PostBoxTest() {
    options.gather = Duration::from_ms(50);
    options.interval = Duration::from_ms(50);
    options.retry_first = Duration::from_ms(5);
  }
  PostBox make() { return {options, std::make_unique<KeepingCourier>(deliveries), clock, metrics}; }

  ManualClock clock{kStart};
  Metrics metrics;
  PostBoxOptions options;
  Deliveries deliveries;
};

TEST_F(PostBoxTest, what_fails_together_is_one_message) {
  options.gather = Duration::from_ms(500);
  auto box = make();
  for (int i = 0; i < 76; ++i) box.push(notice_of(i));
  EXPECT_EQ(deliveries.wait(1).front().size(), 76U);
}

TEST_F(PostBoxTest, what_could_not_be_delivered_is_tried_again_with_what_came_since) {
  deliveries.failures = 2;
  auto box = make();
  box.push(notice_of(1));
  deliveries.wait(1);
  box.push(notice_of(2));
  const auto made = deliveries.wait(3);
  ASSERT_GE(made.size(), 3U);
  EXPECT_EQ(made[2].front().alarm.id, 1);
  EXPECT_EQ(made[2].back().alarm.id, 2);
}

TEST_F(PostBoxTest, what_waits_is_bounded_and_the_oldest_goes) {
  options.waiting_max = 10;
  options.gather = Duration::from_ms(500);
  auto box = make();
  for (int i = 0; i < 25; ++i) box.push(notice_of(i));
  const auto made = deliveries.wait(1).front();
  ASSERT_EQ(made.size(), 10U);
  EXPECT_EQ(made.front().alarm.id, 15);
  EXPECT_NE(metrics.render().find("oriel_notices_dropped_total{courier=\"kept\"} 15"),
            std::string::npos);
}

TEST_F(PostBoxTest, a_test_tells_at_once_how_it_went) {
  deliveries.failures = 1;
  auto box = make();
  const auto failed = box.test();
  ASSERT_FALSE(failed);
  EXPECT_EQ(box.status().error, "away");
  EXPECT_TRUE(box.test());
  EXPECT_EQ(box.status().error, "");
  EXPECT_EQ(box.status().delivered_at, kStart);
}

TEST(Mail, says_in_one_mail_what_began_and_what_is_over_in_any_language) {
  MailOptions options;
  options.from = "oriel@example.org";
  options.to = {"a@example.org", "b@example.org"};
  auto over = notice_of(2, NoticeKind::cleared);
  over.alarm.cleared_at = kStart + Duration::from_s(60);
  const auto mail = format_mail(options, {"此刻高原, the plateau that has a long name", ""},
                                {notice_of(1), over}, kStart, "id");
  EXPECT_NE(mail.find("To: a@example.org,\r\n b@example.org\r\n"), std::string::npos) << mail;
  EXPECT_NE(mail.find("Date: Mon, 02 Feb 2026 02:40:00 +0000\r\n"), std::string::npos) << mail;
  for (std::size_t at = 0; at < mail.size();) {
    const auto end = mail.find("\r\n", at);
    ASSERT_NE(end, std::string::npos);
    EXPECT_LE(end - at, 78U);
    for (auto c : mail.substr(at, end - at)) EXPECT_TRUE(c >= ' ' && c < 0x7f);
    at = end + 2;
  }
}

TEST(Mail, addresses_that_could_carry_more_are_refused) {
  MailOptions options;
  options.server = "smtp://mail.example.org";
  options.from = "oriel@example.org";
  options.to = {"warden@example.org"};
  EXPECT_TRUE(check(options));
  for (const std::string wrong : {"warden", "a@b\r\nBcc: c@d", "<a@b>", "a b@c", "@b", "a@"}) {
    options.to = {wrong};
    EXPECT_FALSE(check(options)) << wrong;
  }
}

// Checked against: printf '%s' '1770000000.{}' | openssl dgst -sha256 -hmac key
TEST(Webhook, signs_time_and_body) {
  EXPECT_EQ(sign_webhook(Secret("key"), kStart, "{}"),
            "t=1770000000,v1=7a88a10412aaf2f7c314d1c3beeedc802d6b98bde9b5ce233ecd25d236af9a19");
}

TEST(Webhook, tells_why_and_never_where) {
  SystemClock clock;
  WebhookOptions options;
  options.url = Secret("http://127.0.0.1:1/secret-path");
  Webhook webhook(options, {"node", ""}, clock);
  const std::stop_source stop;
  const auto delivered = webhook.deliver({notice_of(1)}, stop.get_token());
  ASSERT_FALSE(delivered);
  EXPECT_EQ(delivered.error().kind, ErrorKind::unavailable);
  EXPECT_EQ(delivered.error().message.find("secret"), std::string::npos);
}

}  // namespace
}  // namespace oriel::notify

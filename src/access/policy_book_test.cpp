#include "access/policy_book.h"

#include <thread>

#include <gmock/gmock.h>

#include "access/fixture_test.h"

namespace oriel::access {
namespace {

const FeedId kLake("lake");
const FeedId kDen("den");
const SiteId kSite("eling-lake");

class PolicyBooks : public AccessTest {
 protected:
  PolicyBooks() {
    EXPECT_TRUE(book_.set_feed(kLake, {.site = kSite, .is_public = true}));
    EXPECT_TRUE(book_.set_feed(kDen, {.site = SiteId("cave")}));
  }
  UtcSpan ago(std::int64_t begin_s, std::int64_t end_s) const {
    return {clock_.now() - Duration::from_s(begin_s), clock_.now() - Duration::from_s(end_s)};
  }
  bool sees(UtcSpan span, const Identity& identity = {}) {
    auto view = book_.view(kLake, identity);
    return view && view->may_see(span);
  }
  std::int64_t withhold(UtcSpan span) {
    auto id = book_.withhold({kLake, span, "a nest", "maria"});
    EXPECT_TRUE(id) << id.error().message;
    return id.value_or(-1);
  }

  const Identity visitor_;
  const Identity viewer_{UserId{1}, "v", Role::viewer, std::nullopt};
  const Identity operator_{UserId{2}, "o", Role::operator_, std::nullopt};
  PolicyBook book_{*database_, clock_};
};

TEST_F(PolicyBooks, an_unknown_feed_and_a_forbidden_one_look_the_same) {
  const auto unknown = book_.view(FeedId("none"), visitor_);
  const auto forbidden = book_.view(kDen, visitor_);
  ASSERT_FALSE(unknown);
  ASSERT_FALSE(forbidden);
  EXPECT_EQ(unknown.error().kind, ErrorKind::not_found);
  EXPECT_EQ(forbidden.error().kind, unknown.error().kind);
  EXPECT_EQ(forbidden.error().message, unknown.error().message);
  EXPECT_TRUE(book_.view(kDen, viewer_));
  EXPECT_FALSE(book_.view(FeedId("none"), viewer_));
  EXPECT_TRUE(book_.view(kLake, visitor_));
}

TEST_F(PolicyBooks, a_changed_policy_takes_effect_at_once) {
  const auto version = book_.version();
  ASSERT_TRUE(book_.set_feed(kDen, {.is_public = true, .delay = Duration::from_s(5)}));
  EXPECT_GT(book_.version(), version);
  EXPECT_EQ(book_.view(kDen, visitor_)->not_after, clock_.now() - Duration::from_s(5));
  book_.remove_feed(kDen);
  EXPECT_EQ(kind(book_.view(kDen, operator_)), ErrorKind::not_found);
  EXPECT_EQ(kind(book_.set_feed(kDen, {.delay = Duration{-1}})), ErrorKind::invalid);
}

TEST_F(PolicyBooks, a_withheld_span_is_hidden_until_it_is_released) {
  const auto version = book_.version();
  const auto first = withhold(ago(100, 50));
  const auto second = withhold(ago(60, 40));
  EXPECT_GT(book_.version(), version);
  EXPECT_FALSE(sees(ago(55, 54)));
  EXPECT_TRUE(sees(ago(55, 54), operator_));
  EXPECT_TRUE(sees(ago(40, 30)));
  ASSERT_TRUE(book_.release(first));
  EXPECT_FALSE(sees(ago(55, 54))) << "the other one still hides it";
  EXPECT_TRUE(sees(ago(100, 60)));
  ASSERT_TRUE(book_.release(second));
  EXPECT_TRUE(sees(ago(100, 30)));
  EXPECT_EQ(kind(book_.release(second)), ErrorKind::not_found);
}

TEST_F(PolicyBooks, withheld_spans_are_there_after_a_restart) {
  withhold(ago(100, 50));
  book_.withhold({kLake, {ago(20, 0).begin, kForever}, "until further notice", "maria"}).value();
  PolicyBook restarted(*database_, clock_);
  ASSERT_TRUE(restarted.load());
  EXPECT_FALSE(restarted.view(kLake, operator_)) << "known by its spans only";
  ASSERT_TRUE(restarted.set_feed(kLake, {.is_public = true}));
  const auto view = restarted.view(kLake, visitor_);
  ASSERT_TRUE(view);
  EXPECT_THAT(view->visible(ago(200, 0)), testing::ElementsAre(ago(200, 100), ago(50, 20)));
  EXPECT_EQ(restarted.list_withheld(std::nullopt).size(), 2U);
}

TEST_F(PolicyBooks, withheld_spans_outlast_the_feeds_removal) {
  withhold(ago(100, 50));
  book_.remove_feed(kLake);
  EXPECT_FALSE(book_.view(kLake, visitor_));
  ASSERT_TRUE(book_.set_feed(kLake, {.is_public = true}));
  EXPECT_FALSE(sees(ago(60, 55)));
}

TEST_F(PolicyBooks, who_withheld_what_and_why_is_listed) {
  withhold(ago(10, 5));
  const auto id = withhold(ago(100, 50));
  const auto all = book_.list_withheld(kLake);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].id, id);
  EXPECT_EQ(all[0].reason, "a nest");
  EXPECT_EQ(all[0].made_by, "maria");
  EXPECT_EQ(all[0].made_at, clock_.now());
  EXPECT_EQ(all[0].end, ago(100, 50).end);
  EXPECT_TRUE(book_.list_withheld(kDen).empty());
}

TEST_F(PolicyBooks, requests_to_withhold_that_will_not_do_are_refused) {
  EXPECT_EQ(kind(book_.withhold({kLake, ago(5, 5), "r", "m"})), ErrorKind::invalid);
  EXPECT_EQ(kind(book_.withhold({kLake, ago(5, 6), "r", "m"})), ErrorKind::invalid);
  EXPECT_EQ(kind(book_.withhold({kLake, ago(6, 5), "", "m"})), ErrorKind::invalid);
  EXPECT_EQ(kind(book_.withhold({FeedId("none"), ago(6, 5), "r", "m"})), ErrorKind::not_found);
  EXPECT_EQ(number("SELECT count(*) FROM withheld"), 0);
}

TEST_F(PolicyBooks, a_site_is_known_to_visitors_by_its_public_feeds) {
  const Place true_place{34.91, 97.71, 4272.0};
  ASSERT_TRUE(book_.set_site(kSite, {true_place, Place{34.9, 97.7, std::nullopt}}));
  ASSERT_TRUE(book_.set_site(SiteId("cave"), {true_place, std::nullopt}));
  EXPECT_EQ(book_.place(kSite, visitor_).value()->latitude, 34.9);
  EXPECT_EQ(book_.place(kSite, operator_).value(), true_place);
  const auto hidden = book_.place(SiteId("cave"), visitor_);
  const auto unknown = book_.place(SiteId("none"), visitor_);
  ASSERT_FALSE(hidden);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(hidden.error().message, unknown.error().message);
  EXPECT_EQ(book_.place(SiteId("cave"), viewer_).value(), true_place);
  book_.remove_site(kSite);
  EXPECT_EQ(kind(book_.place(kSite, operator_)), ErrorKind::not_found);
}

TEST_F(PolicyBooks, views_may_be_asked_for_while_spans_come_and_go) {
  const std::jthread asking([this](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      EXPECT_FALSE(sees(ago(-10, -20))) << "the future";
    }
  });
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(book_.release(withhold(ago(100 + i, 50))));
  EXPECT_TRUE(sees(ago(100, 50)));
}

}  // namespace
}  // namespace oriel::access

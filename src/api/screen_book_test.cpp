#include "api/screen_book.h"

#include <gtest/gtest.h>

namespace oriel::api {
namespace {

class ScreenBookTest : public ::testing::Test {
 protected:
  Result<void> report(const std::string& screen, const std::string& address = "192.0.2.1") {
    return book.report("hall", address, {.screen = screen, .tiles = {}, .heap_mb = 40, .up_s = 1});
  }
  ManualClock clock{UtcTime::from_ms(1'800'000'000'000)};
  ScreenBook book{clock};
};

TEST_F(ScreenBookTest, the_newest_report_of_a_screen_counts) {
  ASSERT_TRUE(report("a"));
  clock.advance(Duration::from_s(15));
  ASSERT_TRUE(report("a"));
  const auto screens = book.list();
  ASSERT_EQ(screens.size(), 1u);
  EXPECT_EQ(screens[0].seen_at, clock.now());
}

TEST_F(ScreenBookTest, one_address_cannot_fill_the_book) {
  for (std::size_t i = 0; i < ScreenBook::kPerAddressMax; ++i)
    ASSERT_TRUE(report("s" + std::to_string(i)));
  EXPECT_EQ(report("one-more").error().kind, ErrorKind::exhausted);
  EXPECT_TRUE(report("s0"));
  EXPECT_TRUE(report("one-more", "192.0.2.2"));
}

TEST_F(ScreenBookTest, a_screen_not_heard_of_for_a_day_is_forgotten) {
  ASSERT_TRUE(report("a"));
  clock.advance(Duration::from_s(86'401));
  ASSERT_TRUE(report("b"));
  ASSERT_EQ(book.list().size(), 1u);
  EXPECT_EQ(book.list()[0].screen, "b");
}

TEST_F(ScreenBookTest, a_report_that_is_too_large_is_refused) {
  ScreenReport large{.screen = "a", .tiles = std::vector<TileHealth>(17)};
  EXPECT_EQ(book.report("hall", "192.0.2.1", large).error().kind, ErrorKind::invalid);
  EXPECT_EQ(report("Not A Slug").error().kind, ErrorKind::invalid);
}

}  // namespace
}  // namespace oriel::api

#include "base/time.h"

#include <gtest/gtest.h>

namespace oriel {
namespace {

TEST(Rfc3339, round_trips_at_millisecond_resolution) {
  const auto time = parse_rfc3339("2026-11-20T08:00:00.123Z");
  ASSERT_TRUE(time);
  EXPECT_EQ(time->us, 1795161600123000);
  EXPECT_EQ(format_rfc3339(*time), "2026-11-20T08:00:00.123Z");
}

TEST(Rfc3339, offset_is_taken_off) {
  EXPECT_EQ(parse_rfc3339("2026-11-20T16:00:00+08:00")->us,
            parse_rfc3339("2026-11-20T08:00:00Z")->us);
}

TEST(Rfc3339, what_is_not_a_time_is_refused) {
  for (const char* text :
       {"", "2026", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-11-20T24:00:00Z",
        "2026-11-20T08:00:00", "2026-11-20T08:00:00.Z", "2026-11-20T08:00:00Zx", "now",
        "1969-12-31T23:59:59Z", "2026-11-20T08:00:00.1234567890Z"})
    EXPECT_EQ(parse_rfc3339(text).error().kind, ErrorKind::invalid) << text;
}

TEST(Ticks, a_part_of_30_000_ticks_is_a_third_of_a_second) {
  EXPECT_EQ(ticks_to_duration(30'000).us, 333'333);
  EXPECT_EQ(duration_to_ticks(Duration::from_s(4)), 360'000);
}

}  // namespace
}  // namespace oriel

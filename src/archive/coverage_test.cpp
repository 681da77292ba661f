#include "archive/coverage.h"

#include <numeric>
#include <random>

#include <gtest/gtest.h>

namespace oriel::archive {
namespace {

using media::Reason;

UtcTime at(std::string_view text) { return *parse_rfc3339(text); }

std::int64_t missing(const CoverageItem& item, Reason reason) {
  return item.missing_ms[static_cast<std::size_t>(reason)];
}

TEST(CoverageSum, days_begin_at_local_midnight_and_the_ends_are_cut) {
  const CoverageSum sum({at("2026-03-01T10:00:00Z"), at("2026-03-03T10:00:00Z")}, CoverageStep::day,
                        Duration::from_s(8 * 3600));
  const auto& items = sum.items();
  ASSERT_EQ(items.size(), 3u);
  EXPECT_EQ(items[0].end, at("2026-03-01T16:00:00Z"));
  EXPECT_EQ(items[1].end, at("2026-03-02T16:00:00Z"));
  EXPECT_EQ(items[2].end, at("2026-03-03T10:00:00Z"));
}

TEST(CoverageSum, months_have_their_own_lengths) {
  const CoverageSum sum({at("2024-01-01T00:00:00Z"), at("2025-01-01T00:00:00Z")},
                        CoverageStep::month, Duration{0});
  ASSERT_EQ(sum.items().size(), 12u);
  EXPECT_EQ(sum.items()[1].end, at("2024-03-01T00:00:00Z"));
  EXPECT_EQ((sum.items()[1].end - sum.items()[1].start).us / 86'400'000'000, 29);
  EXPECT_EQ(sum.items()[11].start, at("2024-12-01T00:00:00Z"));
}

TEST(CoverageSum, a_span_over_a_boundary_is_shared_out) {
  CoverageSum sum({at("2026-03-01T00:00:00Z"), at("2026-03-01T03:00:00Z")}, CoverageStep::hour,
                  Duration{0});
  sum.add({at("2026-02-28T23:00:00Z"), at("2026-03-01T01:30:00Z"), TimelineState::recorded,
           Reason::none});
  sum.add({at("2026-03-01T01:30:00Z"), at("2026-03-01T09:00:00Z"), TimelineState::missing,
           Reason::link_down});
  const auto& items = sum.items();
  EXPECT_EQ(items[0].recorded_ms, 3'600'000);
  EXPECT_EQ(items[1].recorded_ms, 1'800'000);
  EXPECT_EQ(missing(items[1], Reason::link_down), 1'800'000);
  EXPECT_EQ(missing(items[2], Reason::link_down), 3'600'000);
}

TEST(CoverageSum, whatever_the_spans_each_step_adds_up_to_its_length) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 200; ++round) {
    const UtcTime begin = UtcTime::from_ms(1'790'000'000'000 + static_cast<int>(random() % 90'000));
    const UtcTime end =
        begin + Duration::from_ms(1 + static_cast<std::int64_t>(random() % (1LL << 33)));
    const auto step = static_cast<CoverageStep>(random() % 3);
    const auto offset = Duration::from_s((static_cast<std::int64_t>(random() % 57) - 28) * 1800);
    CoverageSum sum({begin, end}, step, offset);
    for (UtcTime now = begin; now < end;) {
      const auto next = std::min(
          end, now + Duration::from_ms(1 + static_cast<std::int64_t>(random() % 400'000'000)));
      const bool recorded = random() % 2 == 0;
      sum.add({now, next, recorded ? TimelineState::recorded : TimelineState::missing,
               recorded ? Reason::none : static_cast<Reason>(random() % kReasonCount)});
      now = next;
    }
    UtcTime last = begin;
    for (const auto& item : sum.items()) {
      ASSERT_EQ(item.start, last);
      last = item.end;
      ASSERT_EQ(std::accumulate(item.missing_ms.begin(), item.missing_ms.end(), item.recorded_ms),
                (item.end - item.start).us / 1000);
    }
    ASSERT_EQ(last, end);
  }
}

}  // namespace
}  // namespace oriel::archive

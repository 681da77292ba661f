#include "api/coverage_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace oriel::api {
namespace {

using archive::CoverageStep;
using archive::CoverageSum;
using archive::TimelineState;
using media::Reason;

UtcTime at(std::string_view text) { return *parse_rfc3339(text); }

TEST(CoverageTable, it_has_a_column_a_reason) {
  CoverageSum sum({at("2026-03-01T00:00:00Z"), at("2026-03-01T01:00:00Z")}, CoverageStep::hour,
                  Duration{0});
  sum.add({at("2026-03-01T00:00:00Z"), at("2026-03-01T00:59:59Z"), TimelineState::recorded,
           Reason::none});
  sum.add({at("2026-03-01T00:59:59Z"), at("2026-03-01T01:00:00Z"), TimelineState::missing,
           Reason::starting});
  const std::string csv = coverage_csv(sum.items());
  EXPECT_THAT(csv, ::testing::StartsWith("start,end,recorded_ms,none,starting,link_down,"));
  EXPECT_THAT(csv, ::testing::HasSubstr(
                       "\r\n2026-03-01T00:00:00.000Z,2026-03-01T01:00:00.000Z,3599000,0,1000,0,"));
}

}  // namespace
}  // namespace oriel::api

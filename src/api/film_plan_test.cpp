#include "api/film_plan.h"

#include <gtest/gtest.h>

namespace oriel::api {
namespace {

UtcTime at(std::string_view text) { return *parse_rfc3339(text); }

TEST(FilmMoments, are_evenly_strewn_and_skip_what_is_missing) {
  const std::vector<UtcSpan> spans = {
      {at("2026-03-01T00:00:00Z"), at("2026-03-01T01:00:00Z")},
      {at("2026-03-05T00:00:00Z"), at("2026-03-05T03:00:00Z")},
  };
  const auto moments = film_moments(spans, 8);
  ASSERT_EQ(moments.size(), 8u);
  EXPECT_EQ(moments[0].at, at("2026-03-01T00:15:00Z"));
  EXPECT_EQ(moments[1].at, at("2026-03-01T00:45:00Z"));
  EXPECT_EQ(moments[2].at, at("2026-03-05T00:15:00Z"));
  EXPECT_EQ(moments[2].within, spans[1]);
  EXPECT_EQ(moments[7].at, at("2026-03-05T02:45:00Z"));
}

TEST(FilmMoments, of_nothing_there_are_none) {
  EXPECT_TRUE(film_moments({}, 100).empty());
  EXPECT_TRUE(film_moments({{at("2026-03-01T00:00:00Z"), at("2026-03-01T01:00:00Z")}}, 0).empty());
}

TEST(FilmMoments, all_lie_in_what_can_be_filmed_whatever_it_is) {
  std::vector<UtcSpan> spans;
  UtcTime begin = at("2026-03-01T00:00:00Z");
  for (std::int64_t i = 1; i < 200; ++i) {
    spans.push_back({begin, begin + Duration{i * 777'777}});
    begin = spans.back().end + Duration{i * 13'131'313};
  }
  const auto moments = film_moments(spans, 1'500);
  ASSERT_EQ(moments.size(), 1'500u);
  for (const auto& moment : moments) {
    EXPECT_TRUE(moment.within.contains(moment.at));
    EXPECT_EQ(std::count(spans.begin(), spans.end(), moment.within), 1);
  }
  EXPECT_TRUE(std::is_sorted(moments.begin(), moments.end(),
                             [](const auto& a, const auto& b) { return a.at < b.at; }));
}

}  // namespace
}  // namespace oriel::api

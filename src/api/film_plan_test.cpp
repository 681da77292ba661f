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

// A full picture every 4 s, in the first of two segments.
std::vector<PicturePlace> half_full() {
  std::vector<PicturePlace> places;
  for (std::uint32_t i = 0; i < 8; ++i)
    places.push_back(
        {i, at("2026-03-01T00:00:00Z") + Duration::from_s(std::int64_t{2} * i), i % 2 == 0});
  return places;
}

FilmMoment moment_at(std::int64_t at_s, std::int64_t begin_s, std::int64_t end_s) {
  const auto zero = at("2026-03-01T00:00:00Z");
  return {zero + Duration::from_s(at_s),
          {zero + Duration::from_s(begin_s), zero + Duration::from_s(end_s)}};
}

access::View all_of_it() {
  access::View view;
  view.allowed = true;
  view.not_after = at("2026-03-02T00:00:00Z");
  return view;
}

TEST(FilmPicture, is_the_full_one_at_or_before_the_moment) {
  const auto view = all_of_it();
  EXPECT_EQ(find_picture(half_full(), moment_at(4, 0, 16), view), 2u);
  EXPECT_EQ(find_picture(half_full(), moment_at(7, 0, 16), view), 2u);
  EXPECT_EQ(find_picture(half_full(), moment_at(15, 0, 16), view), 6u);
  EXPECT_FALSE(find_picture({}, moment_at(4, 0, 16), view));
}

TEST(FilmPicture, is_never_one_before_what_can_be_filmed) {
  const auto view = all_of_it();
  EXPECT_EQ(find_picture(half_full(), moment_at(5, 5, 16), view), 4u) << "the next one";
  EXPECT_FALSE(find_picture(half_full(), moment_at(5, 5, 8), view)) << "nor one behind it";
  EXPECT_FALSE(find_picture(half_full(), moment_at(14, 13, 16), view));
}

TEST(FilmPicture, is_none_that_is_withheld_or_not_shown_yet) {
  auto view = all_of_it();
  const auto hidden = moment_at(0, 4, 8).within;
  view.withheld = access::make_spans({hidden});
  EXPECT_EQ(find_picture(half_full(), moment_at(5, 0, 16), view), 4u);
  view.not_after = hidden.end;
  EXPECT_FALSE(find_picture(half_full(), moment_at(5, 0, 16), view));
}

}  // namespace
}  // namespace oriel::api

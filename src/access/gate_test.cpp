#include "access/gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace oriel::access {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr UtcTime at(std::int64_t seconds) { return UtcTime{} + Duration::from_s(seconds); }
constexpr UtcSpan span(std::int64_t begin, std::int64_t end) { return {at(begin), at(end)}; }
constexpr UtcTime kNow = at(1000);

Identity as(Role role) { return {UserId{1}, "someone", role, std::nullopt}; }
const Identity kVisitor;

FeedPolicy open_policy() { return {.is_public = true}; }

TEST(Spans, are_sorted_and_joined) {
  const auto spans =
      make_spans({span(30, 40), span(10, 20), span(20, 25), span(35, 50), span(7, 7)});
  EXPECT_THAT(*spans, ElementsAre(span(10, 25), span(30, 50)));
  EXPECT_EQ(make_spans({span(3, 3), span(5, 4)}), nullptr);
}

TEST(Gate, a_visitor_sees_a_public_feed_and_no_other) {
  EXPECT_TRUE(decide(open_policy(), nullptr, kVisitor, kNow).allowed);
  const auto closed = decide({}, nullptr, kVisitor, kNow);
  EXPECT_FALSE(closed.allowed);
  EXPECT_FALSE(closed.with_audio);
  EXPECT_FALSE(closed.may_see(span(1, 2)));
  EXPECT_THAT(closed.visible(span(1, 2)), IsEmpty());
  EXPECT_EQ(closed.cache_control(), "no-store");
}

TEST(Gate, a_viewer_and_higher_see_a_private_feed_with_sound) {
  for (const auto role : {Role::viewer, Role::curator, Role::operator_, Role::administrator}) {
    const auto view = decide({}, nullptr, as(role), kNow);
    EXPECT_TRUE(view.allowed);
    EXPECT_TRUE(view.with_audio);
    EXPECT_EQ(view.cache_control(), "no-store");
  }
}

TEST(Gate, a_token_without_the_scope_for_media_is_a_visitor_here) {
  auto identity = as(Role::administrator);
  identity.scopes = {Scope::feeds_read};
  EXPECT_FALSE(decide({}, nullptr, identity, kNow).allowed);
}

TEST(Gate, sound_is_public_only_where_it_is_said) {
  auto policy = open_policy();
  EXPECT_FALSE(decide(policy, nullptr, kVisitor, kNow).with_audio);
  policy.public_audio = true;
  EXPECT_TRUE(decide(policy, nullptr, kVisitor, kNow).with_audio);
}

TEST(Gate, a_visitor_sees_late_and_a_viewer_at_once) {
  auto policy = open_policy();
  policy.delay = Duration::from_s(60);
  const auto late = decide(policy, nullptr, kVisitor, kNow);
  EXPECT_EQ(late.delay, Duration::from_s(60));
  EXPECT_EQ(late.not_after, at(940));
  EXPECT_TRUE(late.may_see(span(939, 940)));
  EXPECT_FALSE(late.may_see({at(939), at(940) + Duration{1}}));
  EXPECT_THAT(late.visible(span(900, 1000)), ElementsAre(span(900, 940)));
  EXPECT_THAT(late.visible(span(940, 1000)), IsEmpty());
  EXPECT_TRUE(late.at(at(1060)).may_see(span(900, 1000)));

  const auto prompt = decide(policy, nullptr, as(Role::viewer), kNow);
  EXPECT_EQ(prompt.delay, Duration{});
  EXPECT_TRUE(prompt.may_see(span(999, 1000)));
  EXPECT_FALSE(prompt.may_see(span(999, 1001)));
}

TEST(Gate, what_is_withheld_is_seen_by_operators_only) {
  const auto withheld = make_spans({span(100, 200), span(300, 400)});
  for (const auto& identity : {kVisitor, as(Role::viewer), as(Role::curator)}) {
    const auto view = decide(open_policy(), withheld, identity, kNow);
    EXPECT_FALSE(view.may_see(span(150, 160)));
    EXPECT_FALSE(view.may_see(span(99, 101)));
    EXPECT_FALSE(view.may_see(span(199, 201)));
    EXPECT_FALSE(view.may_see(span(50, 500)));
    EXPECT_TRUE(view.may_see(span(90, 100)));
    EXPECT_TRUE(view.may_see(span(200, 300)));
    EXPECT_THAT(view.visible(span(50, 500)),
                ElementsAre(span(50, 100), span(200, 300), span(400, 500)));
    EXPECT_THAT(view.visible(span(150, 350)), ElementsAre(span(200, 300)));
    EXPECT_THAT(view.visible(span(120, 180)), IsEmpty());
    EXPECT_THAT(view.visible(span(400, 410)), ElementsAre(span(400, 410)));
  }
  for (const auto role : {Role::operator_, Role::administrator}) {
    const auto view = decide(open_policy(), withheld, as(role), kNow);
    EXPECT_TRUE(view.may_see(span(50, 500)));
    EXPECT_THAT(view.visible(span(50, 500)), ElementsAre(span(50, 500)));
  }
}

TEST(Gate, what_is_withheld_without_end_stays_hidden) {
  const auto view = decide(open_policy(), make_spans({{at(500), kForever}}), kVisitor, kNow);
  EXPECT_THAT(view.visible(span(400, 900)), ElementsAre(span(400, 500)));
  EXPECT_FALSE(view.at(at(5000)).may_see(span(4000, 4001)));
}

TEST(Gate, empty_and_turned_spans_are_not_seen) {
  const auto view = decide(open_policy(), nullptr, kVisitor, kNow);
  EXPECT_FALSE(view.may_see(span(5, 5)));
  EXPECT_FALSE(view.may_see(span(6, 5)));
  EXPECT_THAT(view.visible(span(5, 5)), IsEmpty());
  EXPECT_THAT(view.visible(span(6, 5)), IsEmpty());
}

TEST(Gate, only_what_every_visitor_is_shown_may_be_cached) {
  const auto cached = [](const FeedPolicy& policy, const Spans& withheld, Role role) {
    return decide(policy, withheld, as(role), kNow).cache_control() == "public, max-age=3600";
  };
  const auto withheld = make_spans({span(1, 2)});
  const FeedPolicy with_sound{.is_public = true, .public_audio = true};
  const FeedPolicy late{.is_public = true, .public_audio = true, .delay = Duration::from_s(1)};
  EXPECT_TRUE(cached(open_policy(), withheld, Role::visitor));
  EXPECT_TRUE(cached(late, nullptr, Role::visitor));
  EXPECT_TRUE(cached(with_sound, withheld, Role::viewer)) << "the same bytes as a visitor's";
  EXPECT_FALSE(cached(open_policy(), nullptr, Role::viewer)) << "holds sound that is not public";
  EXPECT_FALSE(cached(late, nullptr, Role::viewer));
  EXPECT_FALSE(cached(with_sound, withheld, Role::operator_));
  EXPECT_TRUE(cached(with_sound, nullptr, Role::operator_));
  EXPECT_FALSE(cached({.public_audio = true}, nullptr, Role::viewer));
}

TEST(Gate, the_true_place_is_for_operators_where_another_is_published) {
  const Place true_place{34.912345, 97.712345, 4272.0};
  const SitePlaces both{true_place, Place{34.9, 97.7, std::nullopt}};
  EXPECT_EQ(decide_place(both, kVisitor), (Place{34.9, 97.7, 4300.0}));
  EXPECT_EQ(decide_place(both, as(Role::curator)), (Place{34.9, 97.7, 4300.0}));
  EXPECT_EQ(decide_place(both, as(Role::operator_)), true_place);
  EXPECT_EQ(decide_place({true_place, std::nullopt}, kVisitor), true_place);
  EXPECT_EQ(decide_place({}, kVisitor), std::nullopt);
}

}  // namespace
}  // namespace oriel::access

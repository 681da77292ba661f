// Goal: a hold is made only on what is there, and says clearly why not; the journal alone brings it
// back. Method: a real database.
#include "archive/holds.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "archive/testing.h"
#include "base/json.h"

namespace oriel::archive {
namespace {

using ::testing::HasSubstr;

const UtcTime kNow = *parse_rfc3339("2026-11-20T08:00:00Z");
const FeedId kLake("lake");

class HoldsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    database = open("oriel.db");
    book = std::make_unique<HoldBook>(*database, clock);
    sql("INSERT INTO recording (id, feed, rendition, run, run_offset_90k, volume, init, start_us,"
        " end_us, bytes, began, ended, clock_source, clock_error_us) VALUES (1, 'lake', 0, 1, 0,"
        " 'v1', 1, " +
        std::to_string(at(-3600).us) + ", " + std::to_string(at(-3300).us) + ", 1000, 0, 9, 0, 0)");
    sql("INSERT INTO gap (feed, start_us, end_us, reason) VALUES ('lake', " +
        std::to_string(at(-7200).us) + ", " + std::to_string(at(-3600).us) + ", 18)");
  }
  std::unique_ptr<store::Database> open(const std::string& name) {
    auto opened = store::open_database("sqlite:" + folder.path_of(name), metrics);
    EXPECT_TRUE(opened) << opened.error().message;
    return std::move(*opened);
  }
  void sql(const std::string& statement) {
    ASSERT_TRUE(database->write([&](store::Session& session) -> Result<void> {
      ORIEL_TRY(session.execute(statement));
      return {};
    }));
  }
  static UtcTime at(std::int64_t s) { return kNow + Duration::from_s(s); }
  Result<Hold> make(std::int64_t from_s, std::int64_t to_s, const FeedId& feed = kLake,
                    std::string reason = "poaching") {
    return book->make({feed, {at(from_s), at(to_s)}, std::move(reason), "anna", std::nullopt});
  }

  testing::TemporaryFolder folder;
  Metrics metrics;
  ManualClock clock{kNow};
  std::unique_ptr<store::Database> database;
  std::unique_ptr<HoldBook> book;
};

TEST_F(HoldsTest, a_hold_is_in_force_until_it_is_released_or_its_end_date_comes) {
  const auto made = make(-3600, -3300);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->state, HoldState::in_force);
  const auto other = book->make({std::nullopt, {at(-3500), at(-3400)}, "court", "bert", at(3600)});
  ASSERT_TRUE(other) << other.error().message;
  EXPECT_EQ(book->in_force()->size(), 2u);
  EXPECT_NE(find_hold(*book->in_force(), FeedId("lake"), {at(-3310), at(-3000)}), nullptr);
  EXPECT_EQ(find_hold(*book->in_force(), FeedId("lake"), {at(-3300), at(-3000)}), nullptr);

  const auto released = book->release(made->id, "carla");
  ASSERT_TRUE(released);
  EXPECT_EQ(released->released_by, "carla");
  EXPECT_EQ(book->release(made->id, "carla").error().kind, ErrorKind::conflict);
  EXPECT_EQ(book->release(99, "carla").error().kind, ErrorKind::not_found);
  clock.advance(Duration::from_s(3601));
  EXPECT_TRUE(book->in_force()->empty());
  const auto all = book->list(10);
  ASSERT_EQ(all->size(), 2u) << "the book forgets none";
  EXPECT_EQ(all->front().state, HoldState::lapsed);
}

TEST_F(HoldsTest, what_cannot_be_held_is_refused_with_the_reason) {
  const auto refused = [](const Result<Hold>& made, ErrorKind kind, const std::string& word) {
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().kind, kind) << made.error().message;
    EXPECT_THAT(made.error().message, HasSubstr(word));
  };
  refused(make(-3600, -3600), ErrorKind::invalid, "no length");
  refused(make(-3300, -3600), ErrorKind::invalid, "before start");
  refused(make(60, 120), ErrorKind::invalid, "future");
  refused(make(-3600, -3300, kLake, ""), ErrorKind::invalid, "reason");
  refused(make(-3600, -3300, kLake, std::string(2'000, 'x')), ErrorKind::invalid, "reason");
  refused(make(-3600, -3300, FeedId("moon")), ErrorKind::not_found, "no feed moon");
  refused(make(-7000, -6000), ErrorKind::not_found, "deleted already");
  refused(make(-3000, -2000), ErrorKind::not_found, "nothing was recorded");
  refused(book->make({kLake, {at(-3600), at(-3300)}, "r", "anna", at(-1)}), ErrorKind::invalid,
          "until");
  EXPECT_TRUE(make(-60, 3600)) << "what will be recorded can be held";
}

TEST_F(HoldsTest, the_journals_lines_make_the_book_again_in_any_order) {
  const auto first = make(-3600, -3300);
  const auto second = book->make({std::nullopt, {at(-3500), at(-3400)}, "court", "bert", at(3600)});
  ASSERT_TRUE(first && second);
  std::vector<JournalEntry> lines = {hold_entry(*first), hold_entry(*second)};
  clock.advance(Duration::from_s(60));
  lines.push_back(hold_entry(*book->release(first->id, "carla")));
  const auto before = book->list(10);
  for (const auto& order : {std::vector{2, 0, 1, 0}, std::vector{1, 0, 2, 2}}) {
    auto fresh = open("fresh" + std::to_string(order.front()) + ".db");
    ASSERT_TRUE(fresh->write([&](store::Session& session) -> Result<void> {
      for (const auto index : order) {
        const auto line = format_journal_line(lines[static_cast<std::size_t>(index)]);
        ORIEL_TRY_ASSIGN(const auto entry,
                         parse_journal_line(std::string_view(line).substr(0, line.size() - 1)));
        ORIEL_TRY(restore_hold(session, entry));
      }
      return {};
    }));
    const auto again = HoldBook(*fresh, clock).list(10);
    ASSERT_TRUE(again);
    ASSERT_EQ(again->size(), before->size());
    for (std::size_t i = 0; i < again->size(); ++i)
      EXPECT_EQ(json::serialize(to_json((*again)[i])), json::serialize(to_json((*before)[i])));
  }
}

TEST_F(HoldsTest, a_volume_is_told_once_of_a_hold_and_once_of_its_release) {
  const auto made = make(-3600, -3300);
  const VolumeId v1("v1");
  ASSERT_EQ(book->not_noted(v1)->size(), 1u);
  ASSERT_TRUE(book->set_noted(v1, *book->not_noted(v1)));
  EXPECT_TRUE(book->not_noted(v1)->empty());
  EXPECT_EQ(book->not_noted(VolumeId("v2"))->size(), 1u);
  ASSERT_TRUE(book->release(made->id, "carla"));
  ASSERT_EQ(book->not_noted(v1)->size(), 1u);
  ASSERT_TRUE(book->set_noted(v1, *book->not_noted(v1)));
  EXPECT_TRUE(book->not_noted(v1)->empty());
}

}  // namespace
}  // namespace oriel::archive

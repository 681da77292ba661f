// Goal: films are found again, stay within their bounds and go when something of them is hidden; a
// worker that hangs holds up neither who asks nor the stop.
#include "api/film_shelf.h"

#include <fstream>

#include <gtest/gtest.h>

#include "base/temp_folder.h"
#include "store/testing.h"

namespace oriel::api {
namespace {

namespace fs = std::filesystem;

const UtcTime kNow = *parse_rfc3339("2026-11-20T08:00:00Z");
const FeedId kLake("lake");
const FeedId kRidge("ridge");

class NoAlarms final : public archive::AlarmSink {
 public:
  void raise(archive::AlarmKind, std::string_view, std::string_view) override {}
  void clear(archive::AlarmKind, std::string_view) override {}
};

class FilmShelves : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(folder / "volume");
    auto opened = store::open_database(store::test::database_url(folder.path().string()), metrics);
    ASSERT_TRUE(opened) << opened.error().message;
    database = std::move(*opened);
    archive::ArchiveOptions wanted{alarms};
    wanted.volumes = {{VolumeId("v1"), (folder / "volume").string(), 0}};
    auto made = archive::Archive::open(std::move(wanted), *database, clock, metrics);
    ASSERT_TRUE(made) << made.error().message;
    archive = std::move(*made);
    policies = std::make_unique<access::PolicyBook>(*database, clock);
    ASSERT_TRUE(policies->load());
    ASSERT_TRUE(policies->set_feed(kLake, {.is_public = true}));
    ASSERT_TRUE(policies->set_feed(kRidge, {.is_public = true}));
    options.folder = (folder / "films").string();
  }
  void TearDown() override {
    shelf.reset();
    if (archive) archive->stop();
  }
  void open() {
    shelf.reset();
    shelf = std::make_unique<FilmShelf>(options, *archive, *policies, clock, shelf_metrics.back());
  }
  // A day that was recorded from `begin_h` to `end_h`.
  FilmOrder order(const FeedId& feed, std::int64_t begin_h, std::int64_t end_h) const {
    FilmOrder made;
    made.wish.feed = feed;
    made.wish.span = {kNow - Duration::from_s(86'400), kNow - Duration::from_s(60)};
    const auto zero = made.wish.span.begin;
    made.found.spans = {
        {zero + Duration::from_s(begin_h * 3600), zero + Duration::from_s(end_h * 3600)}};
    made.view = *policies->view(feed, {});
    made.address = "192.0.2.1";
    return made;
  }
  // As a film of 25 frames, last asked for so many minutes ago.
  fs::path put(const FilmOrder& of, std::size_t bytes = 100, int minutes_ago = 0) const {
    const fs::path feed = folder / "films" / of.wish.feed.str();
    fs::create_directories(feed);
    const fs::path path = feed / (of.key() + "-25.mp4");
    std::ofstream(path) << std::string(bytes, 'x');
    fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::minutes(minutes_ago));
    return path;
  }
  FilmState state(const FilmOrder& of) {
    const auto status = shelf->ask(of);
    EXPECT_TRUE(status) << status.error().message;
    return status ? status->state : FilmState::failed;
  }
  // A worker that takes what it is given and never answers.
  void hang() {
    const fs::path program = folder / "hangs";
    std::ofstream(program) << "#!/bin/sh\nexec sleep 1000\n";
    fs::permissions(program, fs::perms::owner_all);
    options.film.command.program = program.string();
    options.film.command.address_space_bytes = 0;
    options.film.finish_deadline = std::chrono::hours(1);
  }
  void wait_until_working(const FilmOrder& of) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (state(of) != FilmState::working && std::chrono::steady_clock::now() < end)
      std::this_thread::yield();
    ASSERT_EQ(state(of), FilmState::working);
  }

  TempFolder folder;
  Metrics metrics;
  std::deque<Metrics> shelf_metrics{1};
  ManualClock clock{kNow};
  NoAlarms alarms;
  std::unique_ptr<store::Database> database;
  std::unique_ptr<archive::Archive> archive;
  std::unique_ptr<access::PolicyBook> policies;
  FilmShelfOptions options;
  std::unique_ptr<FilmShelf> shelf;
};

TEST_F(FilmShelves, a_film_is_found_again_after_a_restart_and_an_unfinished_one_is_not) {
  const auto wanted = order(kLake, 0, 5);
  put(wanted);
  const fs::path unfinished = folder / "films" / "lake" / (order(kLake, 0, 6).key() + ".part");
  const fs::path foreign = folder / "films" / "notes.txt";
  std::ofstream(unfinished) << "x";
  std::ofstream(foreign) << "x";
  open();
  const auto status = shelf->ask(wanted);
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(status->state, FilmState::ready);
  EXPECT_EQ(status->frames, 25u);
  EXPECT_EQ(status->key, wanted.key());
  ASSERT_TRUE(status->file);
  EXPECT_EQ(status->file->length_bytes, 100u);
  EXPECT_FALSE(fs::exists(unfinished));
  EXPECT_FALSE(fs::exists(foreign));
}

TEST_F(FilmShelves, beyond_the_bounds_the_least_used_go) {
  const auto oldest = put(order(kLake, 0, 1), 100, 30);
  const auto older = put(order(kRidge, 0, 1), 100, 20);
  const auto newest = put(order(kLake, 0, 3), 100, 10);
  options.bytes_max = 250;
  open();
  EXPECT_FALSE(fs::exists(oldest));
  EXPECT_TRUE(fs::exists(older));
  EXPECT_TRUE(fs::exists(newest));
  options.films_max = 1;
  shelf_metrics.emplace_back();
  open();
  EXPECT_FALSE(fs::exists(older));
  EXPECT_TRUE(fs::exists(newest));
}

TEST_F(FilmShelves, what_is_seen_or_recorded_otherwise_is_another_film) {
  const auto wanted = order(kLake, 0, 5);
  EXPECT_EQ(wanted.key(), order(kLake, 0, 5).key());
  EXPECT_NE(wanted.key(), order(kLake, 0, 4).key());
  EXPECT_NE(wanted.key(), order(kRidge, 0, 5).key());
  auto by_day = wanted;
  by_day.wish.daylight_of = GeoPoint{34.9, 97.7};
  EXPECT_NE(wanted.key(), by_day.key());
  auto licensed = wanted;
  licensed.tags.copyright = "CC-BY-4.0";
  EXPECT_NE(wanted.key(), licensed.key());
  const UtcSpan hidden{kNow - Duration::from_s(3600), kNow - Duration::from_s(1800)};
  ASSERT_TRUE(policies->withhold({kLake, hidden, "a nest", "maria"}));
  EXPECT_NE(wanted.key(), order(kLake, 0, 5).key()) << "though nothing of it was recorded";
}

TEST_F(FilmShelves, forgets_the_films_of_one_feed) {
  const auto lake = put(order(kLake, 0, 1));
  const auto ridge = put(order(kRidge, 0, 1));
  open();
  shelf->forget(kLake);
  EXPECT_FALSE(fs::exists(lake));
  EXPECT_TRUE(fs::exists(ridge));
  EXPECT_EQ(state(order(kRidge, 0, 1)), FilmState::ready);
}

TEST_F(FilmShelves, a_worker_that_hangs_holds_up_neither_who_asks_nor_the_stop) {
  hang();
  open();
  const auto first = order(kLake, 0, 1);
  wait_until_working(first);
  ASSERT_TRUE(shelf->find_made(first));
  EXPECT_EQ(state(order(kLake, 0, 2)), FilmState::waiting);
  EXPECT_EQ(state(order(kLake, 0, 3)), FilmState::waiting);
  const auto refused = shelf->ask(order(kLake, 0, 4));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::exhausted) << "two of one address";
  auto other = order(kLake, 0, 4);
  other.address = "192.0.2.2";
  EXPECT_EQ(state(other), FilmState::waiting);
  shelf.reset();  // would last two minutes if the worker were waited for
}

TEST_F(FilmShelves, what_is_being_made_of_a_forgotten_feed_is_not_found_any_more) {
  hang();
  open();
  const auto wanted = order(kLake, 0, 1);
  wait_until_working(wanted);
  shelf->forget(kLake);
  EXPECT_FALSE(shelf->find_made(wanted));
  EXPECT_EQ(state(wanted), FilmState::waiting) << "a new one behind it";
}

}  // namespace
}  // namespace oriel::api

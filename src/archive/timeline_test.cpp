// Goal: every millisecond of any span is in exactly one state. Method: random recordings and gaps
// against the plain rule, asked for each millisecond.
#include "archive/timeline.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <random>

#include <gtest/gtest.h>

#include "archive/catalog.h"
#include "archive/coverage.h"
#include "archive/damage_rows.h"
#include "archive/gap_rows.h"
#include "archive/kept_days.h"
#include "archive/row_writer.h"
#include "archive/testing.h"
#include "store/testing.h"

namespace oriel::archive {
namespace {

const FeedId kLake("lake");
const UtcTime kStart = *parse_rfc3339("2026-11-20T08:00:00Z");

class TimelineTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = store::open_database(store::test::database_url(folder.path()), metrics);
    ASSERT_TRUE(opened) << opened.error().message;
    database = std::move(*opened);
  }
  void put(const RowChange& change) { changes.push_back(change); }
  void put_recording(std::int64_t start_ms, std::int64_t end_ms,
                     media::Reason ended = media::Reason::length_reached,
                     media::Reason began = media::Reason::none) {
    auto head = std::make_shared<media::Recording>();
    head->id = RecordingId{++last_id};
    head->feed = kLake;
    head->start = kStart + Duration::from_ms(start_ms);
    head->began = began;
    head->init = init;
    UnsettledRecording row;
    row.head = head;
    row.volume = VolumeId("v1");
    row.end = kStart + Duration::from_ms(end_ms);
    row.parts = 1;
    row.segments = {{(end_ms - start_ms) * 90, 1000, 1, true}};
    row.ended = ended;
    put(row);
  }
  void put_gap(std::int64_t start_ms, std::optional<std::int64_t> end_ms, media::Reason reason) {
    put(GapBeganRow{kLake, kStart + Duration::from_ms(start_ms), reason});
    if (end_ms) put(GapEndedRow{kLake, kStart + Duration::from_ms(*end_ms)});
  }
  void commit() {
    const auto written = database->write([&](store::Session& session) -> Result<void> {
      for (const auto& change : changes) ORIEL_TRY(apply_row(session, change));
      return {};
    });
    ASSERT_TRUE(written) << written.error().message;
    changes.clear();
  }
  Timeline ask(std::int64_t begin_ms, std::int64_t end_ms, std::int64_t now_ms) {
    auto timeline =
        Catalog(*database, nullptr)
            .timeline(kLake,
                      {kStart + Duration::from_ms(begin_ms), kStart + Duration::from_ms(end_ms)},
                      kStart + Duration::from_ms(now_ms));
    EXPECT_TRUE(timeline) << timeline.error().message;
    return timeline ? *timeline : Timeline{};
  }
  TimelineSpan span(std::int64_t start_ms, std::int64_t end_ms, TimelineState state,
                    media::Reason reason) {
    return {kStart + Duration::from_ms(start_ms), kStart + Duration::from_ms(end_ms), state,
            reason};
  }

  testing::TemporaryFolder folder;
  Metrics metrics;
  std::unique_ptr<store::Database> database;
  std::vector<RowChange> changes;
  SharedBytes init = std::make_shared<const Bytes>(Bytes{1, 2, 3});
  std::int64_t last_id = 0;
};

constexpr auto kRecorded = TimelineState::recorded;
constexpr auto kMissing = TimelineState::missing;
using media::Reason;

TEST_F(TimelineTest, the_reasons_stand_where_nothing_was_recorded) {
  put_gap(1'000, 3'000, Reason::starting);
  put_recording(3'500, 8'000);
  put_recording(8'030, 10'000, Reason::silent);  // 30 ms later: unbroken
  put_gap(10'200, 15'000, Reason::silent);
  put_recording(14'000, 20'000, Reason::link_down);
  commit();
  const auto timeline = ask(0, 60'000, 25'000);
  EXPECT_EQ(timeline.spans,
            (std::vector<TimelineSpan>{span(0, 1'000, kMissing, Reason::none),
                                       span(1'000, 3'500, kMissing, Reason::starting),
                                       span(3'500, 10'000, kRecorded, Reason::none),
                                       span(10'000, 14'000, kMissing, Reason::silent),
                                       span(14'000, 20'000, kRecorded, Reason::none),
                                       span(20'000, 25'000, kMissing, Reason::link_down)}));
  EXPECT_EQ(timeline.covered_end, kStart + Duration::from_ms(25'000)) << "not beyond now";
}

TEST_F(TimelineTest, a_feed_that_was_never_declared_is_missing_without_a_reason) {
  const auto timeline = ask(0, 5'000, 10'000);
  EXPECT_EQ(timeline.spans, (std::vector<TimelineSpan>{span(0, 5'000, kMissing, Reason::none)}));
  EXPECT_TRUE(ask(20'000, 30'000, 10'000).spans.empty()) << "the future";
  EXPECT_TRUE(ask(5'000, 4'000, 10'000).spans.empty());
}

TEST_F(TimelineTest, a_span_inside_one_recording_or_one_gap_is_one_span) {
  put_gap(0, 10'000, Reason::refused);
  put_recording(10'000, 600'000);
  commit();
  EXPECT_EQ(ask(2'000, 3'000, 1'000'000).spans,
            (std::vector<TimelineSpan>{span(2'000, 3'000, kMissing, Reason::refused)}));
  EXPECT_EQ(ask(20'000, 30'000, 1'000'000).spans,
            (std::vector<TimelineSpan>{span(20'000, 30'000, kRecorded, Reason::none)}));
}

TEST_F(TimelineTest, a_clock_slewed_between_two_recordings_of_a_run_is_no_gap) {
  put_recording(0, 300'000, Reason::length_reached, Reason::starting);
  put_recording(300'150, 600'000, Reason::link_down, Reason::length_reached);
  put_recording(600'150, 900'000, Reason::length_reached, Reason::link_down);
  put_recording(902'000, 910'000, Reason::length_reached, Reason::length_reached);
  commit();
  const auto spans = ask(0, 910'000, 1'000'000).spans;
  ASSERT_EQ(spans.size(), 5u);
  EXPECT_EQ(spans[0], span(0, 600'000, kRecorded, Reason::none));
  EXPECT_EQ(spans[1], span(600'000, 600'150, kMissing, Reason::link_down));
  EXPECT_EQ(spans[3].state, kMissing) << "two seconds are more than any slew";
}

TEST_F(TimelineTest, the_sum_of_any_span_is_the_span_and_every_recording_is_in_it) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const auto below = [&](std::int64_t limit) {
    return static_cast<std::int64_t>(random() % static_cast<std::uint32_t>(limit));
  };
  constexpr std::int64_t kLength = 30'000;
  std::vector<bool> recorded(kLength, false);
  for (std::int64_t at = below(500); at < kLength - 4'000;) {
    const auto length = 1 + below(3'000);
    put_recording(at, at + length, static_cast<Reason>(below(19)), static_cast<Reason>(below(19)));
    for (auto ms = at; ms < at + length; ++ms) recorded[static_cast<std::size_t>(ms)] = true;
    // Mostly on end; sometimes a hole, sometimes an overlap by a clock set back.
    at += length + (below(3) == 0 ? 60 + below(2'000) : below(5) == 0 ? -below(length) : 0);
  }
  for (std::int64_t at = below(800); at < kLength;) {
    const auto length = below(1'500);
    put_gap(at, at + length, static_cast<Reason>(1 + below(18)));
    at += length + below(1'500) + 1;
  }
  commit();
  for (int i = 0; i < 200; ++i) {
    const auto begin = below(kLength);
    const auto end = begin + 1 + below(kLength);
    const auto timeline = ask(begin, end, kLength + 5'000);
    const auto covered = std::min(end, kLength + 5'000);
    ASSERT_EQ(timeline.covered_end, kStart + Duration::from_ms(covered));
    UtcTime at = kStart + Duration::from_ms(begin);
    for (const auto& piece : timeline.spans) {
      ASSERT_EQ(piece.start, at);
      ASSERT_LT(piece.start, piece.end);
      for (auto ms = (piece.start - kStart).us / 1'000; ms < (piece.end - kStart).us / 1'000; ++ms)
        if (ms < kLength && recorded[static_cast<std::size_t>(ms)] && piece.state == kMissing)
          FAIL() << ms << " was recorded";
      at = piece.end;
    }
    ASSERT_EQ(at, timeline.covered_end);
  }
}

// Under any faults, and for whom some of it is withheld: all states together are the span.
TEST_F(TimelineTest, for_every_viewer_the_coverage_of_any_span_adds_up_to_the_millisecond) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const auto below = [&](std::int64_t limit) {
    return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(limit));
  };
  constexpr std::int64_t kLength = 3'600'000;
  for (std::int64_t at = below(9'000); at < kLength; at += 1 + below(60'000)) {
    const auto length = 1 + below(40'000);
    put_recording(at, at + length, static_cast<Reason>(below(19)), static_cast<Reason>(below(19)));
    at += length;
  }
  for (std::int64_t at = below(9'000); at < kLength; at += 1 + below(30'000)) {
    const auto length = 1 + below(30'000);
    constexpr std::array kFaults = {
        Reason::link_down, Reason::refused,        Reason::silent,      Reason::faulty_picture,
        Reason::paused,    Reason::server_stopped, Reason::disk_behind, Reason::disk_full,
        Reason::damaged,   Reason::deleted};
    put_gap(at, at + length, kFaults[static_cast<std::size_t>(below(kFaults.size()))]);
    at += length;
  }
  commit();
  std::int64_t withheld_ms = 0;
  std::array<std::int64_t, kReasonCount> reached{};
  for (int round = 0; round < 100; ++round) {
    const UtcSpan span{kStart + Duration::from_ms(below(kLength)),
                       kStart + Duration::from_ms(kLength + below(kLength))};
    const UtcTime now = kStart + Duration::from_ms(kLength + below(2 * kLength));
    Sight sight;
    sight.not_after = now - Duration::from_ms(below(300'000));
    // In microseconds, as people and clocks have it.
    for (UtcTime at = kStart; at < sight.not_after;) {
      const UtcTime end = std::min(sight.not_after, at + Duration{1 + below(900'000'000)});
      sight.visible.push_back({at, end});
      at = end + Duration{1 + below(300'000'000)};
    }
    const Timeline line = ask((span.begin - kStart).us / 1000, (span.end - kStart).us / 1000,
                              (now - kStart).us / 1000);
    const UtcSpan covered{span.begin, line.covered_end};
    CoverageSum sum(covered, static_cast<CoverageStep>(below(3)), Duration::from_s(8 * 3600));
    UtcTime last = covered.begin;
    for (const auto& piece : seen_by(sight, line.spans)) {
      ASSERT_EQ(piece.start, last);
      last = piece.end;
      if (piece.state == kRecorded) {
        const bool seen = std::any_of(
            sight.visible.begin(), sight.visible.end(),
            [&](const auto& v) { return v.begin <= piece.start && piece.end <= v.end; });
        ASSERT_TRUE(seen) << "what may not be seen was called recorded";
      }
      sum.add(piece);
    }
    ASSERT_EQ(last, covered.end);
    std::int64_t total_ms = 0;
    for (const auto& item : sum.items()) {
      const auto item_ms =
          std::accumulate(item.missing_ms.begin(), item.missing_ms.end(), item.recorded_ms);
      ASSERT_EQ(item_ms, (item.end - item.start).us / 1000);
      total_ms += item_ms;
      withheld_ms += item.missing_ms[static_cast<std::size_t>(Reason::withheld)];
      for (std::size_t r = 0; r < kReasonCount; ++r) reached[r] += item.missing_ms[r];
    }
    ASSERT_EQ(total_ms, (covered.end - covered.begin).us / 1000);
  }
  EXPECT_GT(withheld_ms, 0);
  for (const auto reason : {Reason::damaged, Reason::deleted, Reason::disk_behind, Reason::paused})
    EXPECT_GT(reached[static_cast<std::size_t>(reason)], 0) << static_cast<int>(reason);
}

TEST_F(TimelineTest, an_answer_with_too_many_spans_is_continued) {
  for (std::int64_t i = 0; i < 7'000; ++i) put_recording(i * 1'000, i * 1'000 + 500);
  commit();
  std::int64_t begin = 0;
  std::size_t recorded = 0;
  int pages = 0;
  for (; begin < 7'000'000; ++pages) {
    const auto page = ask(begin, 7'000'000, 8'000'000);
    ASSERT_LE(page.spans.size(), Catalog::kTimelineSpansMax);
    for (const auto& piece : page.spans) recorded += piece.state == kRecorded;
    begin = (page.covered_end - kStart).us / 1'000;
  }
  EXPECT_EQ(recorded, 7'000u);
  EXPECT_EQ(pages, 2);
}

// Days that are over, kept as rows: they say what laying them again would say, whatever happens to
// the past.
class KeptDaysTest : public TimelineTest {
 protected:
  static constexpr std::int64_t kDay_ms = 86'400'000;
  static constexpr std::int64_t kDays = 12;
  const UtcTime now = kStart + Duration::from_ms(20 * kDay_ms);

  void keep_all() {
    const Catalog catalog(*database, nullptr);
    for (std::size_t kept = 1; kept > 0;) {
      const auto done = catalog.keep_days(kLake, now);
      ASSERT_TRUE(done) << done.error().message;
      kept = *done;
    }
  }
  std::int64_t kept_days() {
    std::int64_t count = -1;
    const auto asked = database->read([&](store::Session& session) {
      return session.query("SELECT COUNT(*) FROM kept_day", {},
                           [&](const store::Row& row) { count = row.integer(0); });
    });
    EXPECT_TRUE(asked);
    return count;
  }
  std::vector<TimelineSpan> laid_anew(UtcSpan span) {
    Timeline line;
    const auto asked = database->read([&](store::Session& session) -> Result<void> {
      ORIEL_TRY_ASSIGN(line, lay_timeline(session, kLake, span, {}, now));
      return {};
    });
    EXPECT_TRUE(asked);
    return line.spans;
  }
  std::vector<TimelineSpan> read(UtcSpan span) {
    const auto line = Catalog(*database, nullptr).timeline(kLake, span, now);
    EXPECT_TRUE(line) << line.error().message;
    return line ? line->spans : std::vector<TimelineSpan>{};
  }
  void change(const store::Work& work) {
    const auto done = database->write(work);
    ASSERT_TRUE(done) << done.error().message;
  }
  static std::string text_of(const std::vector<TimelineSpan>& spans) {
    std::string text;
    for (const auto& span : spans)
      text += format_rfc3339(span.start) + " to " + format_rfc3339(span.end) + " " +
              std::to_string(static_cast<int>(span.state)) + " " +
              std::to_string(static_cast<int>(span.reason)) + "\n";
    return text;
  }
  void set_damage_of(RecordingId id, std::int64_t from_ms, std::int64_t length_ms) {
    const auto row = Catalog(*database, nullptr).recording(id);
    if (!row) return;
    std::vector<UtcSpan> spans;
    const UtcSpan span{row->start + Duration::from_ms(from_ms),
                       std::min(row->end, row->start + Duration::from_ms(from_ms + length_ms))};
    if (span.begin < span.end) spans.push_back(span);
    change([&](store::Session& session) -> Result<void> {
      ORIEL_TRY(set_damage(session, *row, spans, "read", now));
      return {};
    });
  }
};

TEST_F(KeptDaysTest, whatever_changes_the_past_the_kept_days_say_what_the_rows_say) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const auto below = [&](std::int64_t limit) {
    return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(limit));
  };
  // Half of them near midnight, where days are joined.
  const auto moment = [&] {
    const auto at = below(kDays * kDay_ms);
    if (below(2) == 0) return at;
    return at / kDay_ms * kDay_ms + 16 * 3'600'000 + below(4'000) - 2'000;
  };
  const auto reason = [&] { return static_cast<Reason>(1 + below(18)); };
  // As in the field: at most two recordings lie over each other, and a gap that begins is behind
  // all that there are.
  std::vector<std::int64_t> starts;
  std::int64_t gaps_end_ms = 0;
  for (int round = 0; round < 150; ++round) {
    switch (below(6)) {
      case 0:
      case 1: {
        const auto at = moment();
        if (std::count_if(starts.begin(), starts.end(),
                          [&](const auto other) { return std::abs(other - at) < 1'300'000; }) > 1)
          break;
        starts.push_back(at);
        put_recording(at, at + 1 + below(600'000), reason(), reason());
        if (below(2) == 0) put_recording(at + 600'000, at + 600'900 + below(9'000), reason());
        break;
      }
      case 2: {
        const auto at = moment();
        const auto begin = kStart + Duration::from_ms(at);
        const auto length = Duration{1 + below(below(3) == 0 ? 3 * kDay_ms * 1'000 : 9'000'000)};
        const auto why = reason();
        gaps_end_ms = std::max(gaps_end_ms, at + length.us / 1'000 + 1);
        change([&](store::Session& session) {
          return lay_gap(session, kLake, {begin, begin + length}, why);
        });
        break;
      }
      case 3:
        put(GapEndedRow{kLake, kStart + Duration::from_ms(gaps_end_ms)});
        gaps_end_ms += below(kDay_ms / 2);
        put_gap(gaps_end_ms, std::nullopt, reason());
        gaps_end_ms += below(kDay_ms / 2);
        if (below(3) != 0) put(GapEndedRow{kLake, kStart + Duration::from_ms(gaps_end_ms)});
        break;
      case 4:
        if (last_id > 0)
          set_damage_of(RecordingId{1 + below(last_id)}, below(5'000), below(3) * 4'000);
        break;
      default:
        keep_all();
        break;
    }
    commit();
    const UtcTime begin = kStart + Duration::from_ms(below(kDays * kDay_ms) - kDay_ms);
    const UtcSpan span{
        begin, std::min(now, begin + Duration::from_ms(2 * kDay_ms + below(kDays * kDay_ms)))};
    ASSERT_EQ(text_of(read(span)), text_of(laid_anew(span))) << "round " << round;
  }
  keep_all();
  EXPECT_GT(kept_days(), kDays);
}

TEST_F(KeptDaysTest, a_calendar_is_read_from_the_kept_days_and_not_from_the_recordings) {
  for (std::int64_t day = 0; day < kDays; ++day)
    put_recording(day * kDay_ms, (day + 1) * kDay_ms - 1'000, Reason::silent);
  commit();
  keep_all();
  const UtcSpan span{kStart, kStart + Duration::from_ms(kDays * kDay_ms)};
  const auto before = read(span);
  // Behind the program's back, so that it is seen where the answer comes from.
  change([](store::Session& session) -> Result<void> {
    ORIEL_TRY(session.execute("DELETE FROM recording WHERE id = 6"));
    return {};
  });
  EXPECT_EQ(read(span), before);
  EXPECT_NE(laid_anew(span), before);
}

TEST_F(KeptDaysTest, bytes_that_are_no_day_are_laid_anew) {
  put_recording(0, kDay_ms, Reason::silent);
  commit();
  keep_all();
  const UtcSpan span{kStart, kStart + Duration::from_ms(5 * kDay_ms)};
  const auto before = read(span);
  for (const auto& bytes :
       {Bytes{}, Bytes{1}, Bytes{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, Bytes{5, 0, 0},
        Bytes{0x80, 0xb8, 0x99, 0x29, 0x70, 0}, Bytes{0x80, 0xb8, 0x99, 0x29, 0x10, 99}}) {
    change([&](store::Session& session) -> Result<void> {
      ORIEL_TRY(session.execute("UPDATE kept_day SET spans = $1", {bytes}));
      return {};
    });
    EXPECT_EQ(read(span), before);
  }
}

}  // namespace
}  // namespace oriel::archive

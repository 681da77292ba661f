// Makes an index of many recordings through the schema, and asks it what visitors ask. Used by
// index.py:
//   archive_index empty URL 0 0                       the schema and nothing in it
//   archive_index fill URL FEEDS RECORDINGS_A_FEED    each five minutes long, up to FILL_END
//   archive_index operate URL FEEDS RECORDINGS_A_FEED the same by the real writer's rows: one when
//                                                     it opens, changed when it closes
//   archive_index keep URL FEEDS RECORDINGS_A_FEED    the days of all feeds; says how many
//   archive_index measure URL FEEDS RECORDINGS_A_FEED one JSON line a question
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "archive/catalog.h"
#include "archive/coverage.h"
#include "archive/row_writer.h"
#include "media/boxes.h"
#include "media/testing.h"
#include "store/database.h"

namespace {

using namespace oriel;

constexpr std::int64_t kEndUs = 1'798'761'600'000'000;  // 2027-01-01T00:00:00Z
constexpr std::int64_t kLengthUs = 300'000'000;
constexpr std::int64_t kDayUs = 86'400'000'000;
constexpr std::int64_t kHourUs = 3'600'000'000;
constexpr std::size_t kRowsAStatement = 100;
constexpr std::size_t kStatementsATransaction = 50;

struct Size {
  std::int64_t feeds = 0;
  std::int64_t recordings = 0;  // of each feed
  std::int64_t start_us() const { return kEndUs - recordings * kLengthUs; }
};

std::string feed_name(std::int64_t feed) { return "feed-" + std::to_string(feed); }

template <class T>
T sure(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().message.c_str());
    std::exit(1);
  }
  return std::move(*result);
}
void sure(Result<void> result) {
  if (result) return;
  std::fprintf(stderr, "%s\n", result.error().message.c_str());
  std::exit(1);
}

Bytes init_segment() { return sure(media::make_init({media::testing::video_track()})); }

// 75 segments of 4 s at about 2 Mbit/s, twelve parts each: what a camera gives in five minutes.
Bytes segment_index(std::mt19937_64& random) {
  std::normal_distribution<double> bytes(1e6, 5e4);
  std::vector<media::SegmentEntry> entries;
  for (int i = 0; i < 75; ++i)
    entries.push_back({360'000, static_cast<std::int64_t>(bytes(random)), 12, true});
  return media::encode_segment_index(entries);
}

class Filler {
 public:
  Filler(store::Database& database, Size size) : database_(database), size_(size) {
    for (int i = 0; i < 64; ++i) indexes_.push_back(segment_index(random_));
  }

  void run() {
    sure(database_.write([](store::Session& session) -> Result<void> {
      ORIEL_TRY(session.execute("INSERT INTO init (sha256, bytes, tracks) VALUES ($1, $2, '[]')",
                                {Bytes(32, 1), init_segment()}));
      return {};
    }));
    const auto total = size_.feeds * size_.recordings;
    while (next_ < total) {
      const auto begin = next_;
      sure(database_.write([&](store::Session& session) -> Result<void> {
        next_ = begin;
        for (std::size_t i = 0; i < kStatementsATransaction && next_ < total; ++i)
          ORIEL_TRY(insert(session, std::min<std::int64_t>(kRowsAStatement, total - next_)));
        return {};
      }));
    }
    gaps();
  }

 private:
  // Half a minute of each day is missing.
  static std::int64_t length_us(std::int64_t slot) {
    return slot % 288 == 143 ? kLengthUs - 30'000'000 : kLengthUs;
  }

  Result<void> insert(store::Session& session, std::int64_t count) {
    constexpr int kColumns = 18;
    std::string sql =
        "INSERT INTO recording (id, feed, rendition, run, run_offset_90k, volume, init, start_us,"
        " end_us, bytes, segment_index, began, ended, clock_source, clock_error_us,"
        " clock_offset_us, declared_fps, frames) VALUES ";
    store::Values values;
    for (std::int64_t row = 0; row < count; ++row, ++next_) {
      const auto slot = next_ / size_.feeds;
      const auto start = size_.start_us() + slot * kLengthUs;
      sql += row == 0 ? "(" : ", (";
      for (int column = 1; column <= kColumns; ++column)
        sql += (column == 1 ? "$" : ", $") + std::to_string(row * kColumns + column);
      sql += ")";
      const store::Values cells = {next_ + 1,
                                   feed_name(next_ % size_.feeds),
                                   0,
                                   slot / 288 + 1,
                                   slot % 288 * 27'000'000,
                                   "v1",
                                   1,
                                   start,
                                   start + length_us(slot),
                                   std::int64_t{75'000'000},
                                   indexes_[static_cast<std::size_t>(next_) % indexes_.size()],
                                   slot % 288 == 144 ? 2 : 1,
                                   slot % 288 == 143 ? 4 : 1,
                                   1,
                                   std::int64_t{20'000},
                                   std::int64_t{1'000},
                                   25.0,
                                   std::int64_t{7'500}};
      values.insert(values.end(), cells.begin(), cells.end());
    }
    ORIEL_TRY(session.execute(sql, values));
    return {};
  }

  void gaps() {
    sure(database_.write([&](store::Session& session) -> Result<void> {
      for (std::int64_t feed = 0; feed < size_.feeds; ++feed) {
        for (std::int64_t slot = 143; slot < size_.recordings; slot += 288) {
          const auto start = size_.start_us() + slot * kLengthUs + length_us(slot);
          ORIEL_TRY(session.execute(
              "INSERT INTO gap (feed, start_us, end_us, reason) VALUES ($1, $2, $3, 4)",
              {feed_name(feed), start, start + 30'000'000}));
        }
      }
      return {};
    }));
  }

  store::Database& database_;
  const Size size_;
  std::mt19937_64 random_{7};
  std::vector<Bytes> indexes_;
  std::int64_t next_ = 0;
};

// As in operation: all feeds side by side, each closing one recording and opening the next.
class Operation {
 public:
  Operation(store::Database& database, Size size) : database_(database), size_(size) {
    for (int i = 0; i < 64; ++i)
      segments_.push_back(sure(media::decode_segment_index(segment_index(random_))));
  }

  void run() {
    for (std::int64_t slot = 0; slot <= size_.recordings; ++slot) {
      sure(database_.write([&](store::Session& session) -> Result<void> {
        for (std::int64_t feed = 0; feed < size_.feeds; ++feed) {
          if (slot > 0) ORIEL_TRY(put(session, feed, slot - 1, true));
          if (slot < size_.recordings) ORIEL_TRY(put(session, feed, slot, false));
        }
        return {};
      }));
    }
  }

 private:
  Result<void> put(store::Session& session, std::int64_t feed, std::int64_t slot, bool closed) {
    auto head = std::make_shared<media::Recording>();
    head->id = RecordingId{slot * size_.feeds + feed + 1};
    head->feed = FeedId(feed_name(feed));
    head->run = RunId{feed + 1};
    head->run_offset_90k = slot * 27'000'000;
    head->start = UtcTime{size_.start_us() + slot * kLengthUs};
    head->init = init_;
    head->began = media::Reason::length_reached;
    head->clock = {media::ClockSource::arrival, 1'000, 20'000};
    head->declared_fps = 25;
    archive::UnsettledRecording row;
    row.head = head;
    row.volume = VolumeId("v1");
    row.end = head->start;
    if (closed) {
      row.end = head->start + Duration{kLengthUs};
      row.bytes = 75'000'000;
      row.frames = 7'500;
      row.segments = segments_[static_cast<std::size_t>(head->id.value) % segments_.size()];
      row.ended = media::Reason::length_reached;
      row.sha256.emplace();
      for (auto& byte : *row.sha256) byte = static_cast<std::uint8_t>(random_());
    }
    return archive::apply_row(session, row);
  }

  store::Database& database_;
  const Size size_;
  std::mt19937_64 random_{7};
  const SharedBytes init_ = std::make_shared<const Bytes>(init_segment());
  std::vector<std::vector<media::SegmentEntry>> segments_;
};

void keep(store::Database& database, Size size) {
  const archive::Catalog catalog(database, nullptr);
  std::size_t days = 0;
  for (std::int64_t feed = 0; feed < size.feeds; ++feed)
    for (std::size_t kept = 1; kept > 0; days += kept)
      kept = sure(catalog.keep_days(FeedId(feed_name(feed)), UtcTime{kEndUs}));
  std::printf("%zu days\n", days);
}

class Measurement {
 public:
  Measurement(store::Database& database, Size size) : catalog_(database, nullptr), size_(size) {}

  void run() {
    ask("playlist of an hour", kHourUs, 2'000, [&](const FeedId& feed, UtcSpan span) {
      const auto page = sure(catalog_.recordings(feed, media::Rendition::main, span));
      std::size_t segments = 0;
      for (const auto& row : page.rows) segments += sure(archive::segments_of(row)).size();
      return segments;
    });
    ask("timeline of a day", kDayUs, 1'000, [&](const FeedId& feed, UtcSpan span) {
      return sure(catalog_.timeline(feed, span, UtcTime{kEndUs})).spans.size();
    });
    const auto year = 365 * kDayUs;
    if (size_.recordings * kLengthUs >= year)
      ask("calendar of a year", year, 100, [&](const FeedId& feed, UtcSpan span) {
        archive::CoverageSum sum(span, archive::CoverageStep::day, Duration{});
        for (const auto& piece : sure(catalog_.timeline(feed, span, UtcTime{kEndUs})).spans)
          sum.add(piece);
        return sum.items().size();
      });
    ask("recording by number", 0, 1'000, [&](const FeedId&, UtcSpan) {
      const auto id =
          std::uniform_int_distribution<std::int64_t>(1, size_.feeds * size_.recordings)(random_);
      return sure(catalog_.recording(RecordingId{id})).segment_index.size();
    });
  }

 private:
  template <class Question>
  void ask(const char* name, std::int64_t length_us, int times, const Question& question) {
    std::vector<double> took_ms;
    std::size_t found = 0;
    for (int i = 0; i < times + times / 20; ++i) {
      const FeedId feed(
          feed_name(std::uniform_int_distribution<std::int64_t>(0, size_.feeds - 1)(random_)));
      const auto begin_us = std::uniform_int_distribution<std::int64_t>(
          size_.start_us(), kEndUs - length_us)(random_);
      const UtcSpan span{UtcTime::from_ms(begin_us / 1000),
                         UtcTime::from_ms((begin_us + length_us) / 1000)};
      const auto before = std::chrono::steady_clock::now();
      found += question(feed, span);
      const std::chrono::duration<double, std::milli> took =
          std::chrono::steady_clock::now() - before;
      if (i >= times / 20) took_ms.push_back(took.count());  // the first warm up
    }
    std::sort(took_ms.begin(), took_ms.end());
    std::printf("{\"question\": \"%s\", \"median_ms\": %.3f, \"p99_ms\": %.3f, \"found\": %.1f}\n",
                name, took_ms[took_ms.size() / 2], took_ms[took_ms.size() * 99 / 100],
                static_cast<double>(found) / (times + times / 20));
    std::fflush(stdout);
  }

  archive::Catalog catalog_;
  const Size size_;
  std::mt19937_64 random_{11};
};

}  // namespace

int main(int count, char** arguments) {
  if (count != 5) return 2;
  Metrics metrics;
  const auto database = sure(store::open_database(arguments[2], metrics));
  const Size size{std::atoll(arguments[3]), std::atoll(arguments[4])};
  const std::string task = arguments[1];
  if (task == "fill")
    Filler(*database, size).run();
  else if (task == "operate")
    Operation(*database, size).run();
  else if (task == "keep")
    keep(*database, size);
  else if (task != "empty")
    Measurement(*database, size).run();
  return 0;
}

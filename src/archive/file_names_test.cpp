// Goal: names on disk are built and read in one place, and nothing foreign passes for ours.
#include "archive/file_names.h"

#include <gtest/gtest.h>

namespace oriel::archive {
namespace {

TEST(FileNames, a_recording_is_filed_under_the_utc_day_of_its_start) {
  const auto start = *parse_rfc3339("2026-01-31T23:59:59.999Z");
  EXPECT_EQ(recording_file(FeedId("lake"), media::Rendition::main, RecordingId{17}, start),
            "lake/2026/01/31/17.mp4");
  EXPECT_EQ(recording_file(FeedId("lake"), media::Rendition::sub, RecordingId{17},
                           start + Duration::from_ms(1)),
            "lake/2026/02/01/17.sub.mp4");
  EXPECT_EQ(begin_of(day_of(start)), *parse_rfc3339("2026-01-31T00:00:00Z"));
}

TEST(FileNames, what_is_built_reads_back) {
  const auto path = parse_recording_path("lake/2026/02/28/123456789012.sub.mp4");
  ASSERT_TRUE(path);
  EXPECT_EQ(path->feed.str(), "lake");
  EXPECT_EQ(path->day, (Day{2026, 2, 28}));
  EXPECT_EQ(path->file.id.value, 123456789012);
  EXPECT_EQ(path->file.rendition, media::Rendition::sub);
  EXPECT_EQ(parse_journal_file_name("2026-11-20.ndjson"), (Day{2026, 11, 20}));
}

TEST(FileNames, foreign_names_are_not_ours) {
  for (const char* name :
       {"lake/2026/02/30/1.mp4", "lake/2026/2/28/1.mp4", "lake/2026/02/28/01.mp4",
        "lake/2026/02/28/0.mp4", "lake/2026/02/28/-1.mp4", "lake/2026/02/28/1.MP4",
        "lake/2026/02/28/1.mp4.new", "../2026/02/28/1.mp4", "lake/2026/02/28/a/1.mp4",
        "lake/2026/02/28", "", "/", "lake/2026/02/28/9999999999999999999.mp4",
        "Lake/2026/02/28/1.mp4"})
    EXPECT_FALSE(parse_recording_path(name)) << name;
  for (const char* name : {"2026-11-31.ndjson", "2026-11-20.json", "26-11-20.ndjson", ""})
    EXPECT_FALSE(parse_journal_file_name(name)) << name;
}

}  // namespace
}  // namespace oriel::archive

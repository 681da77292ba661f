#include "media/movie_tags.h"

#include <gtest/gtest.h>

#include "media/boxes.h"
#include "media/byte_writer.h"
#include "media/testing.h"

namespace oriel::media {
namespace {

Bytes plain_init() { return *make_init({testing::video_track(), testing::audio_track()}); }

MovieTags some_tags() {
  MovieTags tags;
  tags.created = *parse_rfc3339("2026-11-20T08:00:00.5Z");
  tags.title = "Eling Lake · 鄂陵湖";
  tags.copyright = "CC-BY-4.0";
  tags.location = iso_6709(34.9, 97.7, 4270);
  return tags;
}

bool holds(const Bytes& bytes, std::string_view text) {
  return as_text(bytes).find(text) != std::string_view::npos;
}

TEST(MovieTags, an_init_segment_with_tags_is_still_the_same_movie) {
  const Bytes init = plain_init();
  const auto tagged = tag_init(init, some_tags());
  ASSERT_TRUE(tagged) << tagged.error().message;
  const auto before = parse_init(init);
  const auto after = parse_init(*tagged);
  ASSERT_TRUE(after) << after.error().message;
  EXPECT_EQ(after->timescales, before->timescales);
  EXPECT_EQ(after->video, before->video);
  EXPECT_EQ(after->bytes, tagged->size()) << "nothing stands behind the moov";
  EXPECT_TRUE(holds(*tagged, "鄂陵湖"));
  EXPECT_TRUE(holds(*tagged, "+34.9000+097.7000+4270/"));
  EXPECT_FALSE(holds(*tagged, "desc")) << "an empty text is left out";
}

TEST(MovieTags, tags_given_again_replace_the_ones_before) {
  const auto first = tag_init(plain_init(), some_tags());
  ASSERT_TRUE(first);
  MovieTags other = some_tags();
  other.title = "Zhaling Lake";
  const auto second = tag_init(*first, other);
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_TRUE(holds(*second, "Zhaling Lake"));
  EXPECT_FALSE(holds(*second, "Eling Lake"));
}

TEST(MovieTags, a_muted_init_takes_tags_too) {
  const auto muted = mute_init(plain_init());
  ASSERT_TRUE(muted);
  const auto tagged = tag_init(*muted, some_tags());
  ASSERT_TRUE(tagged) << tagged.error().message;
  EXPECT_TRUE(parse_init(*tagged));
}

// ftyp, and a moov with one track whose chunks lie at these offsets.
Bytes whole_head(std::string_view kind, const std::vector<std::uint64_t>& chunks) {
  ByteWriter out;
  const auto ftyp = out.begin_box("ftyp");
  out.name("isom");
  out.end_box(ftyp);
  const auto moov = out.begin_box("moov");
  std::vector<std::size_t> open;
  for (const auto* name : {"trak", "mdia", "minf", "stbl"}) open.push_back(out.begin_box(name));
  const auto list = out.begin_full_box(kind, 0, 0);
  out.u32(static_cast<std::uint32_t>(chunks.size()));
  for (const auto chunk : chunks) {
    if (kind == "co64") out.u32(static_cast<std::uint32_t>(chunk >> 32));
    out.u32(static_cast<std::uint32_t>(chunk));
  }
  out.end_box(list);
  for (auto box = open.rbegin(); box != open.rend(); ++box) out.end_box(*box);
  out.end_box(moov);
  return out.take();
}

TEST(MovieTags, the_chunks_of_a_whole_file_move_with_its_head) {
  for (const std::string_view kind : {"stco", "co64"}) {
    const Bytes head = whole_head(kind, {500, 4'000'000'000});
    const auto tagged = tag_movie_head(head, some_tags());
    ASSERT_TRUE(tagged) << tagged.error().message;
    const std::uint64_t by = tagged->size() - head.size();
    EXPECT_GT(by, 100u);
    const Bytes moved = whole_head(kind, {500 + by, 4'000'000'000 + by});
    const auto lists = as_text(moved).substr(as_text(moved).find(kind));
    EXPECT_NE(as_text(*tagged).find(lists), std::string_view::npos) << kind;
  }
}

TEST(MovieTags, a_whole_file_whose_chunks_cannot_be_moved_is_refused) {
  EXPECT_FALSE(tag_movie_head(whole_head("stco", {UINT32_MAX - 5}), some_tags()));
  Bytes head = whole_head("stco", {500, 600});
  const auto list = as_text(head).find("stco");
  head[list + 11] = 200;
  EXPECT_FALSE(tag_movie_head(head, some_tags())) << "more chunks than it has bytes";
  for (std::size_t size = 0; size < head.size(); size += 5)
    EXPECT_FALSE(tag_movie_head(ByteView(head).first(size), some_tags())) << size;
}

TEST(MovieTags, torn_bytes_are_refused) {
  const Bytes init = plain_init();
  for (std::size_t size = 0; size < init.size(); size += 7)
    EXPECT_FALSE(tag_init(ByteView(init).first(size), some_tags())) << size;
}

TEST(MovieTags, places_are_written_with_their_signs) {
  EXPECT_EQ(iso_6709(34.9, 97.7, std::nullopt), "+34.9000+097.7000/");
  EXPECT_EQ(iso_6709(-33.8568, -151.2153, 12.4), "-33.8568-151.2153+12/");
}

}  // namespace
}  // namespace oriel::media

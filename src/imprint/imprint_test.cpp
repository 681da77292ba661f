#include "imprint/imprint.h"

#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "imprint/formats.h"
#include "imprint/xmp.h"
#include "media/byte_writer.h"

namespace oriel::imprint {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Memory final : public Source {
 public:
  explicit Memory(Bytes bytes) : held_(std::move(bytes)) {}
  std::uint64_t bytes() const override { return held_.size(); }
  Result<std::size_t> read(std::uint64_t offset, std::span<std::uint8_t> into) const override {
    if (into.empty() || offset >= held_.size()) return std::size_t{0};
    const auto at = static_cast<std::size_t>(offset);
    const auto count = std::min(into.size(), held_.size() - at);
    std::memcpy(into.data(), held_.data() + at, count);
    return count;
  }
  const Bytes& all() const { return held_; }

 private:
  Bytes held_;
};

// A file that is mostly nothing, longer than any memory: what is asked of it is counted.
class Vast final : public Source {
 public:
  Vast(Bytes head, std::uint64_t bytes) : head_(std::move(head)), bytes_(bytes) {}
  std::uint64_t bytes() const override { return bytes_; }
  Result<std::size_t> read(std::uint64_t offset, std::span<std::uint8_t> into) const override {
    const auto count = std::min<std::uint64_t>(into.size(), bytes_ - offset);
    for (std::uint64_t i = 0; i < count; ++i)
      into[static_cast<std::size_t>(i)] =
          offset + i < head_.size() ? head_[static_cast<std::size_t>(offset + i)] : 0;
    read_ += count;
    return static_cast<std::size_t>(count);
  }
  std::uint64_t read_bytes() const { return read_; }

 private:
  Bytes head_;
  std::uint64_t bytes_;
  mutable std::uint64_t read_ = 0;
};

Legend legend() {
  Legend legend;
  legend.title = "A <b> & c";
  legend.titles = {{"zh", "藏羚羊"}};
  legend.makers = {"Zhang Wei"};
  legend.credit = "“A” by Zhang Wei";
  legend.credits = {legend.credit, "“B” by Sven"};
  legend.licence_uri = "http://creativecommons.org/licenses/by/4.0/";
  legend.address = "https://window.example/works/1";
  return legend;
}

Bytes whole(const Memory& source, const Imprinted& made) {
  Bytes bytes;
  for (const auto& piece : made.pieces) {
    if (!piece.made.empty())
      append(bytes, piece.made);
    else
      append(bytes, ByteView(source.all()).subspan(piece.offset, piece.bytes));
  }
  return bytes;
}

Bytes imprinted(const Memory& source, std::string_view type) {
  const auto made = imprint(source, type, legend());
  EXPECT_TRUE(made) << made.error().message;
  return made ? whole(source, *made) : Bytes{};
}

// ftyp, a moov with one chunk offset, mdat.
Bytes movie(std::uint64_t mdat_bytes, std::uint32_t chunk) {
  media::ByteWriter out;
  const auto type = out.begin_box("ftyp");
  out.name("isom");
  out.u32(0);
  out.end_box(type);
  const auto moov = out.begin_box("moov");
  std::vector<std::size_t> open;
  for (const char* name : {"trak", "mdia", "minf", "stbl"}) open.push_back(out.begin_box(name));
  const auto chunks = out.begin_full_box("stco", 0, 0);
  out.u32(1);
  out.u32(chunk);
  out.end_box(chunks);
  for (; !open.empty(); open.pop_back()) out.end_box(open.back());
  out.end_box(moov);
  out.u32(1);
  out.name("mdat");
  out.u64(16 + mdat_bytes);
  return out.take();
}

TEST(Imprint, chunk_offsets_move_with_the_head_that_grew) {
  auto bytes = movie(4, 0);
  const auto data_at = bytes.size();
  bytes = movie(4, static_cast<std::uint32_t>(data_at));
  append(bytes, "\1\2\3\4");
  const Memory source(bytes);
  const auto made = imprinted(source, "video/mp4");
  const auto stco = as_text(made).find("stco");
  ASSERT_NE(stco, std::string_view::npos);
  const auto chunk = media::read_be(made, stco + 12, 4);
  EXPECT_GT(chunk, data_at);
  EXPECT_EQ(as_text(made).substr(chunk, 4), "\1\2\3\4");
}

TEST(Imprint, a_film_of_fifty_gigabytes_is_not_read) {
  constexpr std::uint64_t kFilm = 50ULL << 30U;
  const auto head = movie(kFilm, 500);
  const Vast source(head, head.size() + kFilm);
  const auto made = imprint(source, "video/mp4", legend());
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_GT(made->bytes, kFilm);
  EXPECT_LT(source.read_bytes(), 4'096U);
  std::uint64_t held = 0;
  for (const auto& piece : made->pieces) held += piece.made.size();
  EXPECT_LT(held, 16'384U);
}

TEST(Imprint, offsets_of_four_bytes_that_would_overflow_leave_the_head_as_it_is) {
  auto bytes = movie(4, 0xffffffff);
  append(bytes, "\1\2\3\4");
  const Memory source(bytes);
  const auto made = imprinted(source, "video/mp4");
  ASSERT_GT(made.size(), bytes.size());
  EXPECT_EQ(Bytes(made.begin(), made.begin() + static_cast<std::ptrdiff_t>(bytes.size())), bytes);
  EXPECT_THAT(std::string(as_text(made)), HasSubstr("Zhang Wei"));
}

TEST(Imprint, credits_put_in_twice_are_in_once) {
  auto bytes = movie(4, 500);
  append(bytes, "\1\2\3\4");
  const Memory once(imprinted(Memory(bytes), "video/mp4"));
  const Memory twice(imprinted(once, "video/mp4"));
  const auto count = [](const Bytes& all, std::string_view word) {
    std::size_t found = 0;
    for (auto at = as_text(all).find(word); at != std::string_view::npos;
         at = as_text(all).find(word, at + 1))
      ++found;
    return found;
  };
  EXPECT_EQ(count(twice.all(), "\xa9nam"), 1U);
  EXPECT_EQ(count(twice.all(), "uuid"), 1U) << "the one before is padding now";
}

TEST(Imprint, what_a_packet_says_about_other_things_stays) {
  const std::string old =
      "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf=\"r\">"
      "<rdf:Description rdf:about=\"uuid:1\" photoshop:Credit=\"Old\" xmp:Rating=\"5\">"
      "<dc:title><rdf:Alt><rdf:li>Old title</rdf:li></rdf:Alt></dc:title>"
      "<dc:titles>Kept</dc:titles></rdf:Description></rdf:RDF></x:xmpmeta>";
  const auto packet = xmp_packet(legend(), old);
  EXPECT_THAT(packet, HasSubstr("xmp:Rating=\"5\""));
  EXPECT_THAT(packet, HasSubstr("<dc:titles>Kept</dc:titles>"));
  EXPECT_THAT(packet, Not(HasSubstr("Old title")));
  EXPECT_THAT(packet, Not(HasSubstr("\"Old\"")));
  EXPECT_THAT(packet, HasSubstr("rdf:about=\"uuid:1\" xmlns:dc"));
  EXPECT_THAT(packet, HasSubstr("A &lt;b&gt; &amp; c"));
}

TEST(Imprint, a_legend_of_any_length_fits_into_a_jpeg) {
  auto long_one = legend();
  for (int i = 0; i < 5'000; ++i) {
    long_one.credits.push_back("“Source” & “another” by somebody with a name");
    long_one.sources.push_back("https://window.example/works/&" + std::to_string(i));
    long_one.makers.push_back(std::string(300, '&'));
    long_one.titles["l" + std::to_string(i)] = std::string(900, '"');
  }
  const Memory source(Bytes{0xff, 0xd8, 0xff, 0xda, 0, 2, 0xff, 0xd9});
  const auto made = imprint(source, "image/jpeg", long_one);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_LT(made->bytes, 65'536U + 8);
}

TEST(Imprint, a_character_is_never_cut) {
  auto long_one = legend();
  long_one.title.clear();
  for (int i = 0; i < 400; ++i) long_one.title += "羚";
  EXPECT_EQ((bounded(long_one).title.size() - std::string_view("…").size()) % 3, 0U);
}

TEST(Imprint, frames_about_other_things_stay_in_a_tag_of_another_version) {
  Bytes old;
  append(old, std::string_view("ID3\3\0\0\0\0\0\x24", 10));
  append(old, std::string_view("TALB\0\0\0\5\0\0\0Lake", 15));
  append(old, std::string_view("TIT2\0\0\0\4\0\0\0Old", 14));
  old.resize(10 + 0x24);
  append(old, "\xff\xfb sound");
  const Memory source(old);
  const auto made = imprinted(source, "audio/mpeg");
  const std::string text(as_text(made));
  EXPECT_THAT(text, HasSubstr("Lake"));
  EXPECT_THAT(text, Not(HasSubstr("Old")));
  EXPECT_TRUE(text.ends_with("\xff\xfb sound"));
  EXPECT_EQ(made[3], 4) << "version 2.4";
}

TEST(Imprint, a_length_beyond_the_end_is_refused_and_nothing_is_read_there) {
  Bytes wav;
  append(wav, "RIFF");
  write_le(wav, 36, 4);
  append(wav, "WAVEdata");
  write_le(wav, 0xfffffff0, 4);
  wav.resize(44);
  const auto made = imprint(Memory(wav), "audio/wav", legend());
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().kind, ErrorKind::data_loss);
}

TEST(Imprint, a_type_without_a_place_says_so) {
  const auto made = imprint(Memory(Bytes{1, 2, 3}), "text/plain", legend());
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().kind, ErrorKind::unsupported);
  EXPECT_FALSE(has_place("text/plain"));
  EXPECT_TRUE(has_place("image/jpeg"));
}

}  // namespace
}  // namespace oriel::imprint

#include "commons/shelf.h"

#include <gtest/gtest.h>

#include "base/hex.h"
#include "base/temp_folder.h"
#include "commons/catalogue.h"
#include "commons/file_type.h"
#include "commons/testing.h"
#include "commons/uploads.h"
#include "store/file_objects.h"

namespace oriel::commons {
namespace {

template <class T>
ErrorKind kind(const Result<T>& result) {
  EXPECT_FALSE(result);
  return result ? ErrorKind::internal : result.error().kind;
}

class ShelfTest : public testing::Test {
 protected:
  static std::unique_ptr<store::ObjectStore> open_objects(const TempFolder& folder) {
    auto objects = store::open_file_objects({.folder = folder / "objects", .free_bytes_min = 0});
    EXPECT_TRUE(objects) << objects.error().message;
    return std::move(*objects);
  }
  Result<File> put(std::string_view bytes) {
    const auto name = "p" + std::to_string(++staged_);
    ORIEL_TRY(objects_->stage(name));
    ORIEL_TRY(objects_->append(name, 0, as_bytes(bytes)));
    return shelf_.keep(name, std::nullopt, "tashi");
  }
  Result<Upload> begin(std::optional<std::int64_t> bytes, const std::string& sha256 = "") {
    return uploads_.begin({"li", "herd.csv", bytes, sha256});
  }

  int staged_ = 0;
  TempFolder folder_;
  Metrics metrics_;
  ManualClock clock_{UtcTime{1'800'000'000'000'000}};
  std::unique_ptr<store::Database> database_ = open_database(folder_, metrics_);
  std::unique_ptr<store::ObjectStore> objects_ = open_objects(folder_);
  Shelf shelf_{*database_, *objects_, clock_};
  Uploads uploads_{*database_, shelf_, clock_};
  Catalogue catalogue_{*database_, clock_};
};

TEST_F(ShelfTest, a_file_stays_while_a_work_names_it_and_goes_after) {
  const auto named = put("named");
  const auto unnamed = put("unnamed");
  ASSERT_TRUE(named && unnamed);
  EXPECT_EQ(named->type, "text/plain");
  WorkContent content;
  content.title = {{"en", "Notes"}};
  content.files = {{named->sha256, "notes.txt", FileRole::original, "", "", {}}};
  const auto work = catalogue_.add_work(content, {"li", ""});
  ASSERT_TRUE(work) << work.error().message;
  EXPECT_EQ(shelf_.tidy()->files, 0);
  clock_.advance(Shelf::kGrace + Duration::from_s(1));
  EXPECT_EQ(shelf_.tidy()->files, 1);
  EXPECT_TRUE(shelf_.load(named->sha256));
  EXPECT_EQ(kind(shelf_.load(unnamed->sha256)), ErrorKind::not_found);
  EXPECT_EQ(objects_->list()->size(), 1U);
  content.files = {};
  ASSERT_TRUE(catalogue_.change_work(WorkId(work->id), 1, content, {"li", ""}));
  EXPECT_EQ(shelf_.tidy()->files, 1);
  EXPECT_TRUE(objects_->list()->empty());
}

// A kill between the object and its row.
TEST_F(ShelfTest, an_object_without_a_row_is_taken_away) {
  ASSERT_TRUE(store::put_object(*objects_, "x", as_bytes("orphan")));
  const auto kept = put("kept");
  EXPECT_EQ(shelf_.tidy()->objects, 1);
  EXPECT_EQ(*objects_->list(), std::vector{*parse_sha256(kept->sha256)});
}

TEST_F(ShelfTest, what_could_run_a_program_is_not_taken) {
  for (const auto* bytes :
       {"<svg><script>1</script></svg>", "<svg onload=\"x()\"/>",
        "<svg><a href='javascript:1'/></svg>", "<?xml version='1.0'?><svg\nonclick = 'x'/>",
        "<!DOCTYPE html><p>", "MZ\x90", "<svg><foreignObject/></svg>"}) {
    EXPECT_EQ(kind(put(bytes)), ErrorKind::unsupported) << bytes;
  }
  EXPECT_TRUE(objects_->list()->empty());
  EXPECT_TRUE(objects_->list_staged()->empty());
  EXPECT_TRUE(put("<svg xmlns=\"http://www.w3.org/2000/svg\"><path d=\"M0 0\"/></svg>"));
}

TEST_F(ShelfTest, a_video_with_the_name_of_a_picture_is_refused) {
  const std::string video(
      "\0\0\0\x18"
      "ftypisom\0\0\2\0isomavc1",
      24);
  const auto file = put(video);
  ASSERT_TRUE(file);
  EXPECT_EQ(file->type, "video/mp4");
  WorkContent content;
  content.title = {{"en", "Herd"}};
  content.files = {{file->sha256, "herd.jpg", FileRole::original, "", "", {}}};
  const auto refused = catalogue_.add_work(content, {"li", ""});
  EXPECT_EQ(kind(refused), ErrorKind::invalid);
  EXPECT_NE(refused.error().message.find("video/mp4"), std::string::npos);
  content.files[0].name = "herd.mp4";
  EXPECT_TRUE(catalogue_.add_work(content, {"li", ""}));
}

TEST_F(ShelfTest, an_account_has_a_bound_and_what_is_on_its_way_in_counts) {
  ASSERT_TRUE(put("12345"));
  ASSERT_TRUE(put("12345"));  // the same bytes: kept once
  ASSERT_TRUE(begin(100));
  EXPECT_EQ(shelf_.bytes_of("tashi"), 5);
  EXPECT_EQ(shelf_.bytes_of("li"), 100);
  EXPECT_TRUE(shelf_.check_room("li", Shelf::kAccountBytesMax - 101));
  EXPECT_EQ(kind(shelf_.check_room("li", Shelf::kAccountBytesMax - 100)), ErrorKind::denied);
}

TEST_F(ShelfTest, many_files_are_read_at_once_and_what_is_not_there_is_left_out) {
  std::vector<std::string> wanted(1'200, std::string(64, '0'));
  wanted.front() = put("first")->sha256;
  wanted.back() = put("last")->sha256;
  const auto found = shelf_.load_all(wanted);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->size(), 2U);
  EXPECT_EQ(found->at(wanted.back()).bytes, 4);
}

TEST_F(ShelfTest, an_upload_stops_half_way_and_goes_on) {
  const std::string text = "species,count\nPantholops hodgsonii,12\n";
  const auto upload =
      begin(static_cast<std::int64_t>(text.size()), format_hex(sha256(as_bytes(text))));
  ASSERT_TRUE(upload) << upload.error().message;
  ASSERT_TRUE(uploads_.append(upload->id, "li", 0, as_bytes(std::string_view(text).substr(0, 9))));
  EXPECT_EQ(kind(uploads_.finish(upload->id, "li")), ErrorKind::conflict);
  Uploads again(*database_, shelf_, clock_);
  const auto seen = again.load(upload->id, "li");
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->received, 9);
  EXPECT_EQ(kind(again.append(upload->id, "li", 0, as_bytes(text))), ErrorKind::conflict);
  ASSERT_TRUE(again.append(upload->id, "li", 9, as_bytes(std::string_view(text).substr(9))));
  const auto file = again.finish(upload->id, "li");
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->bytes, static_cast<std::int64_t>(text.size()));
  EXPECT_EQ(kind(again.load(upload->id, "li")), ErrorKind::not_found);
}

TEST_F(ShelfTest, an_upload_is_its_accounts_own) {
  const auto upload = begin(1);
  EXPECT_EQ(kind(uploads_.load(upload->id, "wang")), ErrorKind::not_found);
  EXPECT_EQ(kind(uploads_.append(upload->id, "wang", 0, as_bytes("x"))), ErrorKind::not_found);
  EXPECT_EQ(kind(uploads_.finish(upload->id, "wang")), ErrorKind::not_found);
  EXPECT_EQ(kind(uploads_.cancel(upload->id, "wang")), ErrorKind::not_found);
  EXPECT_TRUE(uploads_.cancel(upload->id, "li"));
  EXPECT_TRUE(objects_->list_staged()->empty());
}

TEST_F(ShelfTest, more_than_was_said_or_other_bytes_are_refused) {
  EXPECT_EQ(kind(begin(Uploads::kBytesMax + 1)), ErrorKind::exhausted);
  EXPECT_EQ(kind(begin(-1)), ErrorKind::invalid);
  EXPECT_EQ(kind(begin(1, "abc")), ErrorKind::invalid);
  const auto upload = begin(3, std::string(64, '0'));
  ASSERT_TRUE(upload);
  EXPECT_EQ(kind(uploads_.append(upload->id, "li", 0, as_bytes("four"))), ErrorKind::invalid);
  ASSERT_TRUE(uploads_.append(upload->id, "li", 0, as_bytes("one")));
  EXPECT_EQ(kind(uploads_.finish(upload->id, "li")), ErrorKind::invalid);
  EXPECT_EQ(kind(uploads_.load(upload->id, "li")), ErrorKind::not_found);
  EXPECT_TRUE(objects_->list_staged()->empty());
}

TEST_F(ShelfTest, an_abandoned_upload_expires_and_one_that_goes_on_does_not) {
  const auto abandoned = begin(std::nullopt);
  const auto active = begin(std::nullopt);
  ASSERT_TRUE(objects_->stage("without-a-row"));
  clock_.advance(Uploads::kLifetime - Duration::from_s(1));
  ASSERT_TRUE(uploads_.append(active->id, "li", 0, as_bytes("x")));
  clock_.advance(Duration::from_s(2));
  EXPECT_EQ(uploads_.expire().value_or(-1), 1);
  EXPECT_EQ(objects_->list_staged()->size(), 2U) << "a clip on its way has no row, too";
  EXPECT_EQ(uploads_.expire().value_or(-1), 0);
  EXPECT_EQ(*objects_->list_staged(), std::vector{active->id});
  EXPECT_EQ(kind(uploads_.load(abandoned->id, "li")), ErrorKind::not_found);
  EXPECT_TRUE(uploads_.finish(active->id, "li"));
}

TEST_F(ShelfTest, nobody_has_more_than_a_hundred_uploads_under_way) {
  for (int i = 0; i < Uploads::kPerAccountMax; ++i) ASSERT_TRUE(begin(1));
  EXPECT_EQ(kind(begin(1)), ErrorKind::exhausted);
  EXPECT_TRUE(uploads_.begin({"wang", "", 1, ""}));
}

TEST(FileType, is_told_by_the_bytes) {
  const auto type = [](std::string_view bytes) { return file_type(as_bytes(bytes)); };
  EXPECT_EQ(type("\xff\xd8\xff\xe0"), "image/jpeg");
  EXPECT_EQ(type("RIFF\1\2\3\4WEBPVP8 "), "image/webp");
  EXPECT_EQ(type("RIFF\1\2\3\4WAVEfmt "), "audio/wav");
  EXPECT_EQ(type(std::string_view("\0\0\0\x18"
                                  "ftypheic",
                                  12)),
            "image/heic");
  EXPECT_EQ(type("%PDF-1.7"), "application/pdf");
  EXPECT_EQ(type("\x1a\x45\xdf\xa3...webm"), "video/webm");
  EXPECT_EQ(type(" \n<?xml version='1.0'?><svg/>"), "image/svg+xml");
  EXPECT_EQ(type("WEBVTT\n"), "text/vtt");
  EXPECT_EQ(type("{\"a\": 1}"), "application/json");
  EXPECT_EQ(type("物种,数量\r\n"), "text/plain");
  EXPECT_EQ(type("物种\xe7\x89"), "text/plain");  // cut within a character
  EXPECT_EQ(type("\xb2\xd8\xc1\xe7\xd1\xf2 and more"), "application/octet-stream");  // GBK
  EXPECT_EQ(type(""), "application/octet-stream");
  EXPECT_TRUE(check_file_name("a.JPG", "image/jpeg"));
  EXPECT_TRUE(check_file_name("a.b.xyz", "image/jpeg"));
  EXPECT_TRUE(check_file_name("README", "text/plain"));
  EXPECT_FALSE(check_file_name("a.png", "image/jpeg"));
}

}  // namespace
}  // namespace oriel::commons

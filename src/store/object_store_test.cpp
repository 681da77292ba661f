// The contract of object stores; each kind makes its own.
#include "store/object_store.h"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>

#include "base/hex.h"
#include "base/temp_folder.h"
#include "store/file_objects.h"

namespace oriel::store {
namespace {

class Objects : public testing::Test {
 protected:
  std::unique_ptr<ObjectStore> open(FileObjectsOptions options = {.folder = "",
                                                                  .free_bytes_min = 0}) {
    options.folder = folder_ / "objects";
    auto objects = open_file_objects(options);
    EXPECT_TRUE(objects) << objects.error().message;
    return std::move(*objects);
  }
  static std::string content(ObjectStore& objects, const Sha256Digest& sha256) {
    auto reader = objects.open(sha256);
    if (!reader) return "none";
    Bytes bytes((*reader)->bytes() + 10);
    const auto count = (*reader)->read(0, bytes);
    EXPECT_TRUE(count);
    return std::string(as_text(ByteView(bytes.data(), *count)));
  }
  template <class T>
  static ErrorKind kind(const Result<T>& result) {
    EXPECT_FALSE(result);
    return result ? ErrorKind::internal : result.error().kind;
  }

  TempFolder folder_;
};

TEST_F(Objects, what_comes_in_pieces_is_kept_whole_under_its_sum) {
  auto objects = open();
  ASSERT_TRUE(objects->stage("u1"));
  ASSERT_EQ(objects->append("u1", 0, as_bytes("Tibetan ")).value_or(0), 8U);
  ASSERT_EQ(objects->append("u1", 8, as_bytes("antelope")).value_or(0), 16U);
  EXPECT_EQ(as_text(*objects->staged_head("u1", 7)), "Tibetan");
  const auto kept = objects->keep("u1", sha256(as_bytes("Tibetan antelope")));
  ASSERT_TRUE(kept) << kept.error().message;
  EXPECT_EQ(kept->bytes, 16U);
  EXPECT_EQ(content(*objects, kept->sha256), "Tibetan antelope");
  EXPECT_EQ(kind(objects->staged_bytes("u1")), ErrorKind::not_found);
  EXPECT_EQ(objects->list()->size(), 1U);
}

TEST_F(Objects, the_same_bytes_are_kept_once) {
  auto objects = open();
  const auto first = put_object(*objects, "a", as_bytes("same"));
  const auto reader = objects->open(first->sha256);
  const auto second = put_object(*objects, "b", as_bytes("same"));
  ASSERT_TRUE(second);
  EXPECT_EQ(first->sha256, second->sha256);
  EXPECT_EQ(objects->list()->size(), 1U);
  Bytes bytes(4);
  EXPECT_EQ((*reader)->read(0, bytes).value_or(0), 4U);
  EXPECT_TRUE(objects->list_staged()->empty());
}

TEST_F(Objects, an_upload_goes_on_after_a_restart_and_its_sum_is_of_all) {
  {
    auto objects = open();
    ASSERT_TRUE(objects->stage("u"));
    ASSERT_TRUE(objects->append("u", 0, as_bytes("before ")));
  }
  auto objects = open();
  EXPECT_EQ(objects->staged_bytes("u").value_or(0), 7U);
  EXPECT_EQ(*objects->list_staged(), std::vector<std::string>{"u"});
  ASSERT_TRUE(objects->append("u", 7, as_bytes("after")));
  EXPECT_TRUE(objects->keep("u", sha256(as_bytes("before after"))));
}

// A write that the disk took in part, and a program that was killed in one, look like this.
TEST_F(Objects, a_piece_that_came_in_part_is_continued_from_where_it_stands) {
  auto objects = open();
  ASSERT_TRUE(objects->stage("u"));
  ASSERT_TRUE(objects->append("u", 0, as_bytes("one ")));
  std::ofstream(folder_ / "objects/incoming/u", std::ios::app) << "tw";
  EXPECT_EQ(kind(objects->append("u", 4, as_bytes("two"))), ErrorKind::conflict);
  ASSERT_TRUE(objects->append("u", 6, as_bytes("o")));
  EXPECT_TRUE(objects->keep("u", sha256(as_bytes("one two"))));
}

TEST_F(Objects, an_offset_that_is_not_the_end_is_refused_and_changes_nothing) {
  auto objects = open();
  ASSERT_TRUE(objects->stage("u"));
  ASSERT_TRUE(objects->append("u", 0, as_bytes("12345")));
  for (const std::uint64_t offset : {0U, 4U, 6U})
    EXPECT_EQ(kind(objects->append("u", offset, as_bytes("x"))), ErrorKind::conflict);
  EXPECT_TRUE(objects->keep("u", sha256(as_bytes("12345"))));
}

TEST_F(Objects, bytes_with_another_sum_are_not_kept) {
  auto objects = open();
  ASSERT_TRUE(objects->stage("u"));
  ASSERT_TRUE(objects->append("u", 0, as_bytes("flipped")));
  EXPECT_EQ(kind(objects->keep("u", sha256(as_bytes("flopped")))), ErrorKind::invalid);
  EXPECT_TRUE(objects->list()->empty());
  EXPECT_EQ(objects->staged_bytes("u").value_or(0), 7U);
  EXPECT_TRUE(objects->discard("u"));
  EXPECT_TRUE(objects->discard("u"));
  EXPECT_TRUE(objects->list_staged()->empty());
}

TEST_F(Objects, a_name_is_a_slug_and_taken_once) {
  auto objects = open();
  for (const auto* name : {"", "../x", "a/b", ".x"})
    EXPECT_EQ(kind(objects->stage(name)), ErrorKind::invalid) << name;
  ASSERT_TRUE(objects->stage("u"));
  EXPECT_EQ(kind(objects->stage("u")), ErrorKind::conflict);
  EXPECT_EQ(kind(objects->append("nobody", 0, as_bytes("x"))), ErrorKind::not_found);
}

TEST_F(Objects, a_full_disk_and_too_many_uploads_are_refused) {
  auto bounded = open({.folder = "", .free_bytes_min = 0, .staged_max = 1});
  ASSERT_TRUE(bounded->stage("u"));
  EXPECT_EQ(kind(bounded->stage("v")), ErrorKind::exhausted);
  auto full = open({.folder = "", .free_bytes_min = std::uint64_t{1} << 60U, .staged_max = 9});
  EXPECT_EQ(kind(full->append("u", 0, as_bytes("x"))), ErrorKind::exhausted);
  EXPECT_EQ(kind(full->stage("w")), ErrorKind::exhausted);
  EXPECT_EQ(full->staged_bytes("u").value_or(1), 0U);
}

TEST_F(Objects, what_is_removed_is_gone_and_who_reads_it_reads_on) {
  auto objects = open();
  const auto kept = put_object(*objects, "a", as_bytes("bytes"));
  ASSERT_TRUE(kept);
  const auto reader = objects->open(kept->sha256);
  ASSERT_TRUE(objects->remove(kept->sha256));
  ASSERT_TRUE(objects->remove(kept->sha256));
  EXPECT_EQ(kind(objects->open(kept->sha256)), ErrorKind::not_found);
  Bytes bytes(5);
  EXPECT_EQ((*reader)->read(0, bytes).value_or(0), 5U);
}

TEST_F(Objects, foreign_files_in_the_folder_are_no_objects) {
  auto objects = open();
  std::filesystem::create_directory(folder_ / "objects/ab");
  std::ofstream(folder_ / "objects/ab/notes.txt") << "x";
  std::ofstream(folder_ / "objects/readme") << "x";
  EXPECT_TRUE(objects->list()->empty());
}

TEST_F(Objects, of_two_who_append_at_one_place_one_is_refused) {
  auto objects = open();
  ASSERT_TRUE(objects->stage("u"));
  const Bytes piece(100'000, 'x');
  std::atomic<int> taken = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      if (objects->append("u", 0, piece)) ++taken;
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(taken, 1);
  EXPECT_EQ(objects->staged_bytes("u").value_or(0), piece.size());
  EXPECT_TRUE(objects->keep("u", sha256(piece)));
}

}  // namespace
}  // namespace oriel::store

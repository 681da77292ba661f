// Goal: a volume is only written when it is the right disk and has room.
#include "archive/volume.h"

#include <cerrno>

#include <gtest/gtest.h>

#include "archive/testing.h"
#include "store/testing.h"

namespace oriel::archive {
namespace {

using testing::FaultyFileSystem;

class VolumeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = store::open_database(store::test::database_url(folder.path()), metrics);
    ASSERT_TRUE(opened) << opened.error().message;
    database = std::move(*opened);
  }
  Result<std::unique_ptr<Volume>> open(std::uint64_t reserve_bytes = 0,
                                       const std::string& id = "v1") {
    return Volume::open({VolumeId(id), "/v", reserve_bytes}, disk, *database, UtcTime{1});
  }
  testing::TemporaryFolder folder;
  Metrics metrics;
  std::unique_ptr<store::Database> database;
  FaultyFileSystem disk;
};

TEST_F(VolumeTest, first_use_leaves_a_marker_that_survives_a_loss_of_power) {
  ASSERT_TRUE(open());
  std::mt19937 random(1);
  const auto content = disk.after_power_loss(random)->content("/v/oriel-volume.json");
  const auto marker = parse_marker(content);
  ASSERT_TRUE(marker) << marker.error().message;
  EXPECT_EQ(marker->volume, "v1");
  EXPECT_EQ((*open())->state(), VolumeState::ok);
}

TEST_F(VolumeTest, a_marker_without_a_row_is_adopted_but_not_that_of_another_volume) {
  ASSERT_TRUE(open());
  const auto before = disk.content("/v/oriel-volume.json");
  ASSERT_TRUE(database->write([](store::Session& session) -> Result<void> {
    ORIEL_TRY(session.execute("DELETE FROM volume"));
    return {};
  }));
  const auto other = open(0, "v2");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().kind, ErrorKind::conflict);
  EXPECT_EQ((*open())->state(), VolumeState::ok);
  EXPECT_EQ(disk.content("/v/oriel-volume.json"), before);
}

TEST_F(VolumeTest, the_reserve_is_kept_and_comes_back_with_a_little_more) {
  disk.set_capacity(10'000'000);
  const auto volume = std::move(open(1'600'000)).value();
  EXPECT_EQ(volume->state(), VolumeState::ok);
  const auto used = disk.content("/v/oriel-volume.json").size();
  disk.set_capacity(used + 1'599'999);
  volume->refresh();
  EXPECT_EQ(volume->state(), VolumeState::full);
  disk.set_capacity(used + 1'650'000);
  EXPECT_FALSE(volume->refresh()) << "at its edge it would flutter";
  disk.set_capacity(used + 1'700'000);
  EXPECT_TRUE(volume->refresh());
}

TEST_F(VolumeTest, a_failed_disk_is_tried_by_writing_before_it_is_trusted) {
  const auto volume = std::move(open()).value();
  disk.set_error(testing::DiskCall::write, EIO);
  volume->report_error(errno_error(EIO, "write"));
  EXPECT_FALSE(volume->refresh());
  EXPECT_EQ(volume->state(), VolumeState::failed);
  disk.set_error(testing::DiskCall::write, 0);
  EXPECT_TRUE(volume->refresh());
  EXPECT_EQ(disk.files(), std::vector<std::string>{"/v/oriel-volume.json"}) << "the try is gone";
}

TEST_F(VolumeTest, a_marker_that_lies_is_refused) {
  for (const std::string text :
       {"", "{}", "[]", "null",
        R"({"version":2,"volume":"v1","uuid":"00000000000000000000000000000000"})",
        R"({"version":1,"volume":"../v","uuid":"00000000000000000000000000000000"})",
        R"({"version":1,"volume":"v1","uuid":"0000000000000000000000000000000G"})",
        R"({"version":1,"volume":"v1","uuid":""})"})
    EXPECT_FALSE(parse_marker(as_bytes(text))) << text;
  const VolumeMarker marker{1, "v1", std::string(32, '7')};
  EXPECT_EQ(parse_marker(as_bytes(format_marker(marker)))->uuid, marker.uuid);
  EXPECT_FALSE(parse_marker(Bytes(100'000, ' ')));
}

}  // namespace
}  // namespace oriel::archive

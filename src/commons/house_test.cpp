#include "commons/house.h"

#include <fstream>
#include <thread>

#include <gtest/gtest.h>

#include "base/temp_folder.h"
#include "commons/testing.h"
#include "store/file_objects.h"

namespace oriel::commons {
namespace {

class HouseTest : public testing::Test {
 protected:
  // A database of its own.
  struct Base {
    TempFolder folder;
    Metrics metrics;
    std::unique_ptr<store::Database> database = open_database(folder, metrics);
  };
  std::unique_ptr<House> opened(Base& base) {
    auto objects = store::open_file_objects({.folder = (base.folder / "objects").string()});
    EXPECT_TRUE(objects) << objects.error().message;
    auto house = House::open(std::move(*objects), *base.database, clock_, index_folder());
    EXPECT_TRUE(house) << house.error().message;
    return std::move(*house);
  }
  std::filesystem::path index_folder() const { return place_ / "search"; }
  static void publish(House& house, const std::string& title) {
    WorkContent content;
    content.title = {{"en", title}};
    content.licence = "https://creativecommons.org/licenses/by/4.0/";
    auto work = house.catalogue.add_work(content, {"li", ""});
    for (const auto state : {WorkState::in_review, WorkState::published}) {
      ASSERT_TRUE(work) << work.error().message;
      work = house.catalogue.move_work(WorkId(work->id), work->version, state, {"li", ""});
    }
    ASSERT_TRUE(work) << work.error().message;
  }
  // Waits until the index has taken in so many Works; false after a long while.
  static bool holds(const House& house, std::int64_t documents) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (house.index()->documents() != documents) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::yield();
    }
    return true;
  }

  TempFolder place_;
  SystemClock clock_;
};

TEST_F(HouseTest, what_is_published_is_taken_in_and_still_there_after_a_start) {
  Base base;
  {
    const auto house = opened(base);
    house->start();
    publish(*house, "Kiang");
    EXPECT_TRUE(holds(*house, 1));
  }
  const auto again = opened(base);
  EXPECT_EQ(again->index()->documents(), 1);
  EXPECT_EQ(again->index()->search({.text = "kiang"})->total, 1);
}

TEST_F(HouseTest, an_index_of_another_database_is_made_again) {
  Base old;
  {
    const auto house = opened(old);
    house->start();
    for (const char* title : {"Kiang", "Goose", "Marmot"}) publish(*house, title);
    EXPECT_TRUE(holds(*house, 3));
  }
  Base fresh;
  const auto house = opened(fresh);
  EXPECT_EQ(house->index()->documents(), 0);
  publish(*house, "Lynx");
  house->start();
  EXPECT_TRUE(holds(*house, 1));
}

TEST_F(HouseTest, an_index_that_cannot_be_read_is_made_again) {
  Base base;
  {
    const auto house = opened(base);
    house->start();
    publish(*house, "Kiang");
    EXPECT_TRUE(holds(*house, 1));
  }
  for (const auto& entry : std::filesystem::directory_iterator(index_folder()))
    std::ofstream(entry.path(), std::ios::trunc) << "not an index";
  const auto house = opened(base);
  ASSERT_NE(house->index(), nullptr);
  house->start();
  EXPECT_TRUE(holds(*house, 1));
}

}  // namespace
}  // namespace oriel::commons

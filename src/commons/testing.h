// What the tests of the commons share. Only included by tests.
#pragma once
#include <memory>

#include <gtest/gtest.h>

#include "base/temp_folder.h"
#include "store/database.h"
#include "store/testing.h"

namespace oriel::commons {

// Of the kind that the run is for, in `folder`.
inline std::unique_ptr<store::Database> open_database(const TempFolder& folder, Metrics& metrics) {
  auto database = store::open_database(store::test::database_url(folder.path()), metrics);
  EXPECT_TRUE(database) << database.error().message;
  return std::move(*database);
}

}  // namespace oriel::commons

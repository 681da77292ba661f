#include "base/log.h"

#include <gtest/gtest.h>

namespace oriel {
namespace {

TEST(Log, one_event_is_one_line) {
  testing::internal::CaptureStderr();
  log::info("feed lake: paused ({})", "winter\r\n2026-11-20T00:00:00Z error: not so\x1b[31m");
  log::flush();
  const std::string told = testing::internal::GetCapturedStderr();
  EXPECT_EQ(told.find('\n'), told.size() - 1) << told;
  EXPECT_EQ(told.find_first_of("\r\x1b"), std::string::npos) << told;
  EXPECT_NE(told.find("winter  2026-11-20T00:00:00Z error: not so [31m"), std::string::npos);
}

}  // namespace
}  // namespace oriel

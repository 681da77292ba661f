#include "base/host_lookup.h"

#include <latch>
#include <memory>
#include <thread>

#include <gtest/gtest.h>
#include <netdb.h>

namespace oriel {
namespace {

SteadyTime in(std::chrono::milliseconds wait) { return std::chrono::steady_clock::now() + wait; }

// Name servers that answer when the test is over.
class SilentServers {
 public:
  ~SilentServers() { over_->count_down(); }
  NameResolver resolver() {
    return [over = over_](const std::string&) {
      over->wait();
      return HostAnswer{EAI_AGAIN, {}};
    };
  }

 private:
  std::shared_ptr<std::latch> over_ = std::make_shared<std::latch>(1);
};

TEST(HostLookup, a_name_that_exists_is_found_and_an_address_is_not_asked_for) {
  const auto local = look_up_host("localhost", in(std::chrono::seconds(30)), {});
  ASSERT_TRUE(local) << local.error().message;
  EXPECT_TRUE(local->front() == "127.0.0.1" || local->front() == "::1") << local->front();
  const auto never = [](const std::string&) { return HostAnswer{EAI_FAIL, {}}; };
  EXPECT_TRUE(look_up_host("10.0.0.7", in(std::chrono::seconds(30)), {}, never));
  EXPECT_TRUE(look_up_host("2001:db8::7", in(std::chrono::seconds(30)), {}, never));
  const auto found = look_up_host("no-such-camera", in(std::chrono::seconds(30)), {}, never);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::unavailable);
}

TEST(HostLookup, name_servers_that_do_not_answer_are_given_up_at_the_deadline) {
  SilentServers servers;
  const auto found =
      look_up_host("camera", in(std::chrono::milliseconds(20)), {}, servers.resolver());
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::deadline);
}

TEST(HostLookup, a_stop_gives_up_at_once) {
  SilentServers servers;
  std::stop_source stop;
  std::jthread stopper([&] { stop.request_stop(); });
  // Ends within the test's own limit only if the stop wakes it.
  const auto found =
      look_up_host("camera", in(std::chrono::hours(1)), stop.get_token(), servers.resolver());
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::cancelled);
}

}  // namespace
}  // namespace oriel

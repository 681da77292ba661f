// All ways by which alarms leave the house, as they are configured at the moment.
#pragma once
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "notify/courier.h"
#include "notify/post_box.h"

namespace oriel::notify {

struct PostOfficeOptions {
  Sender sender;
  std::optional<WebhookOptions> webhook;
  std::optional<MailOptions> mail;
  PostBoxOptions webhook_box{Duration::from_s(1), Duration::from_s(5)};
  PostBoxOptions mail_box;
};

struct CourierTest {
  std::string name;
  bool delivered = false;
  std::string error;
};
BOOST_DESCRIBE_STRUCT(CourierTest, (), (name, delivered, error))

// Thread-safe.
class PostOffice {
 public:
  PostOffice(const Clock& clock, Metrics& metrics) : clock_(clock), metrics_(metrics) {}

  // Begins to work as `options` say, and ends how it worked before; what waited there is dropped.
  // Blocks until a delivery under way has been stopped.
  void configure(const PostOfficeOptions& options);
  // Never blocks.
  void push(const Notice& notice);
  // Sends a test by every way. Blocks.
  std::vector<CourierTest> test();
  std::vector<CourierStatus> status() const;
  void stop() { configure({}); }

 private:
  using Boxes = std::vector<std::shared_ptr<PostBox>>;
  Boxes boxes() const;

  const Clock& clock_;
  Metrics& metrics_;
  mutable std::mutex mutex_;
  Boxes boxes_;  // guarded by mutex_
};

}  // namespace oriel::notify

#include "notify/post_office.h"

#include <utility>

namespace oriel::notify {

PostOffice::Boxes PostOffice::boxes() const {
  const std::lock_guard lock(mutex_);
  return boxes_;
}

void PostOffice::configure(const PostOfficeOptions& options) {
  Boxes made;
  if (options.webhook)
    made.push_back(std::make_shared<PostBox>(
        options.webhook_box, std::make_unique<Webhook>(*options.webhook, options.sender, clock_),
        clock_, metrics_));
  if (options.mail)
    made.push_back(std::make_shared<PostBox>(
        options.mail_box, std::make_unique<Mail>(*options.mail, options.sender, clock_), clock_,
        metrics_));
  {
    const std::lock_guard lock(mutex_);
    boxes_.swap(made);
  }
  for (const auto& box : made) box->request_stop();
}

void PostOffice::push(const Notice& notice) {
  for (const auto& box : boxes()) box->push(notice);
}

std::vector<CourierTest> PostOffice::test() {
  std::vector<CourierTest> tests;
  for (const auto& box : boxes()) {
    const auto delivered = box->test();
    CourierTest test;
    test.name = box->status().name;
    test.delivered = delivered.has_value();
    if (!delivered) test.error = delivered.error().message;
    tests.push_back(std::move(test));
  }
  return tests;
}

std::vector<CourierStatus> PostOffice::status() const {
  std::vector<CourierStatus> all;
  for (const auto& box : boxes()) all.push_back(box->status());
  return all;
}

}  // namespace oriel::notify

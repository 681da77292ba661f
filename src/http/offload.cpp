#include "http/offload.h"

#include "base/log.h"

namespace oriel::http {

Offload::Offload(OffloadOptions options, Metrics& metrics)
    : queue_(options.queue_count_max),
      refused_(metrics.counter("oriel_offload_refused_total", "Blocking work refused: queue full",
                               {{"pool", options.name}})),
      done_(metrics.counter("oriel_offload_done_total", "Blocking work done",
                            {{"pool", options.name}})) {
  threads_.reserve(options.threads);
  for (std::size_t i = 0; i < options.threads; ++i) {
    threads_.emplace_back(options.name + "-" + std::to_string(i), [this](std::stop_token) {
      while (auto job = queue_.pop()) {
        (*job)->run();
        done_.add();
      }
    });
  }
}

Offload::~Offload() {
  request_stop();
  for (auto& thread : threads_) thread.join();
}

void Offload::request_stop() { queue_.close(); }

bool Offload::submit(std::unique_ptr<offload_detail::Job>& job) {
  if (queue_.try_push(std::move(job))) return true;
  refused_.add();
  return false;
}

Error Offload::exception_error(const char* what) {
  log::error("offloaded work ended by an exception: {}", what);
  return {ErrorKind::internal, std::string("exception: ") + what};
}

Error Offload::refusal() const {
  if (queue_.closed()) return {ErrorKind::cancelled, "the program is stopping"};
  return {ErrorKind::exhausted, "too much is waiting for the disk; try again"};
}

}  // namespace oriel::http

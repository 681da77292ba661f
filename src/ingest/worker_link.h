// A worker that is kept running, with a bounded queue to it: one thread moves bytes both ways.
#pragma once
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "base/thread.h"
#include "ingest/back_off.h"
#include "ingest/worker_messages.h"
#include "ingest/worker_process.h"

namespace oriel::ingest {

struct WorkerLinkOptions {
  WorkerCommand command;
  std::string thread_name;
  // What may wait for the worker. Overflow: everything up to the next key message is dropped.
  std::size_t queue_bytes_max = 8 << 20;
  BackOffOptions back_off{std::chrono::milliseconds(500), std::chrono::milliseconds(15'000)};
};

struct WorkerLinkHandlers {
  // What a new worker is told first. On the link's thread.
  std::function<std::vector<Message>()> hello;
  // On the link's thread. False: the worker talks nonsense and is replaced.
  std::function<bool(Message)> received;
  // The worker is gone and another will be started. On the link's thread.
  std::function<void(const std::string& why)> lost;
};

class WorkerLink {
 public:
  WorkerLink(WorkerLinkOptions options, WorkerLinkHandlers handlers);
  ~WorkerLink();
  WorkerLink(const WorkerLink&) = delete;
  WorkerLink& operator=(const WorkerLink&) = delete;

  // Any thread, never blocks. False when the message was dropped. Nothing is taken before the first
  // key message of a worker: it can begin only there.
  bool try_send(const Message& message, bool key);
  std::uint64_t dropped() const;
  std::uint64_t restarts() const;
  // Gives this worker up and starts another with a new hello. Any thread.
  void restart();
  void request_stop();

 private:
  void run(const std::stop_token& stop);
  std::string serve(const std::stop_token& stop, WorkerProcess& worker);
  bool flush_out(int fd, std::string& why);
  bool take_in(int fd, std::string& why);
  void wake() const;

  const WorkerLinkOptions options_;
  const WorkerLinkHandlers handlers_;
  int wake_fd_ = -1;

  mutable std::mutex mutex_;
  std::deque<Bytes> queue_;      // guarded by mutex_; bounded by queue_bytes_max
  std::size_t queue_bytes_ = 0;  // guarded by mutex_
  bool wait_for_key_ = true;     // guarded by mutex_
  bool restart_ = false;         // guarded by mutex_
  std::uint64_t dropped_ = 0;    // guarded by mutex_
  std::uint64_t restarts_ = 0;   // guarded by mutex_

  Bytes sending_;  // only on the link's thread
  std::size_t sent_ = 0;
  Bytes receiving_;  // only on the link's thread; at most one message
  NamedThread thread_;
};

}  // namespace oriel::ingest

// libav's log and what can be learnt only from it. libav has one log for the whole process; a scope
// on the calling thread says whose words they are.
#pragma once
#include <cstdarg>
#include <cstdint>

#include "ingest/source_url.h"

namespace oriel::ingest {

// Sends libav's log to ours at level debug, scrubbed, and nowhere else. Thread-safe, any number of
// times. Without a LibavLogScope on the thread nothing is written.
void capture_libav_log();

struct RtpCounts {
  std::uint64_t lost = 0;
  std::uint64_t late = 0;
};

// While it lives, what libav says on this thread is scrubbed by `scrubber` and what it says of lost
// RTP packets is added to `counts` (libavformat 59 has no other way to tell: rtpdec.c,
// rtp_parse_queued_packet). Both are borrowed. Scopes nest.
class LibavLogScope {
 public:
  LibavLogScope(const Scrubber& scrubber, RtpCounts& counts);
  ~LibavLogScope();
  LibavLogScope(const LibavLogScope&) = delete;
  LibavLogScope& operator=(const LibavLogScope&) = delete;

 private:
  friend void take_libav_log(void*, int, const char*, std::va_list);
  const Scrubber& scrubber_;
  RtpCounts& counts_;
  LibavLogScope* outer_;
};

}  // namespace oriel::ingest

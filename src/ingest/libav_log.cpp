#include "ingest/libav_log.h"

extern "C" {
#include <libavutil/log.h>
}

#include <cstdio>
#include <mutex>
#include <string_view>

#include "base/log.h"

namespace oriel::ingest {
namespace {
// Thread-local because av_log's callback is given nothing of ours.
thread_local LibavLogScope* current_scope = nullptr;
}  // namespace

void take_libav_log(void* context, int level, const char* format, std::va_list arguments) {
  (void)context;
  LibavLogScope* scope = current_scope;
  if (scope == nullptr || level > AV_LOG_INFO || format == nullptr) return;
  const std::string_view words(format);
  if (words.starts_with("RTP: missed %d packets")) {
    std::va_list copy;
    va_copy(copy, arguments);
    const int lost = va_arg(copy, int);
    va_end(copy);
    if (lost > 0) scope->counts_.lost += static_cast<std::uint64_t>(lost);
  } else if (words.starts_with("RTP: dropping old packet")) {
    ++scope->counts_.late;
  }
  if (!log::enabled(log::Level::debug)) return;
  char text[4096] = {};
  std::va_list copy;
  va_copy(copy, arguments);
  const int written = std::vsnprintf(text, sizeof(text), format, copy);
  va_end(copy);
  // A line that is cut could end within a secret, which would then not be found.
  if (written < 0 || written >= static_cast<int>(sizeof(text))) return;
  std::string line = scope->scrubber_.scrub(text);
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
  if (!line.empty()) log::debug("libav: {}", line);
}

void capture_libav_log() {
  static std::once_flag once;
  std::call_once(once, [] { av_log_set_callback(&take_libav_log); });
}

LibavLogScope::LibavLogScope(const Scrubber& scrubber, RtpCounts& counts)
    : scrubber_(scrubber), counts_(counts), outer_(current_scope) {
  capture_libav_log();
  current_scope = this;
}
LibavLogScope::~LibavLogScope() { current_scope = outer_; }

}  // namespace oriel::ingest

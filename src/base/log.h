// The log: one line per event on standard error, `2026-11-20T08:00:00.123Z INFO camera-lake …`.
// A line names the thread and never holds a Secret (its type has no formatter).
#pragma once
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace oriel::log {

enum class Level { debug, info, warn, error };

// Thread-safe. The level defaults to info.
void set_level(Level level);
bool enabled(Level level);
void write(Level level, std::string_view message);
void flush();

template <class... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::debug)) write(Level::debug, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::info)) write(Level::info, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void warn(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::warn)) write(Level::warn, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::error)) write(Level::error, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace oriel::log

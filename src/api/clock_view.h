// How well a time is known, as the API says it.
#pragma once
#include <cstdint>
#include <optional>

#include <boost/describe/class.hpp>

#include "media/part.h"

namespace oriel::api {

struct ClockView {
  media::ClockSource source = media::ClockSource::arrival;
  std::int64_t offset_ms = 0;            // the camera's clock minus ours; positive: it is ahead
  std::optional<std::int64_t> error_ms;  // bound of |start - UTC|, rounded up; null: not known
};
BOOST_DESCRIBE_STRUCT(ClockView, (), (source, offset_ms, error_ms))

inline ClockView clock_view(const media::ClockQuality& clock) {
  ClockView view{clock.source, clock.offset_us / 1'000, std::nullopt};
  if (clock.error_us > 0) view.error_ms = (clock.error_us + 999) / 1'000;
  return view;
}

}  // namespace oriel::api

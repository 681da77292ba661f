// The weather and the season of an area: made up, but the same for ever for the same time.
#pragma once
#include "base/time.h"
#include "demo/plateau.h"

namespace oriel::demo {

struct Weather {
  float cloud = 0;  // share of the sky covered, 0 … 1
  float haze = 0;   // 0 clear mountain air … 1 dust or mist
  float rain = 0;   // 0 … 1
  float snow = 0;   // falling snow, 0 … 1
  float wind_m_s = 4;
};

struct Season {
  float green = 0;        // 0 dry and golden … 1 the green of July
  float snow_line_m = 0;  // how far the snow line lies below midsummer's
  float dusting = 0;      // share of thin snow on the plain
};

// Pure. Changes smoothly over hours.
Weather weather_at(const Area& area, UtcTime time);
// Pure. Changes over weeks.
Season season_at(const Area& area, UtcTime time);
// 1 … 12, in the area's own time zone.
int month_at(UtcTime time);

}  // namespace oriel::demo

// Coverage as the API gives it: JSON, and a table for spreadsheets.
#pragma once
#include <string>
#include <vector>

#include "archive/coverage.h"
#include "base/json.h"

namespace oriel::api {

// How many steps a span of this length may have at most; longer ones are refused.
inline constexpr std::size_t kCoverageStepsMax = 4'000;

// {"items": [{"start", "end", "recorded_ms", "missing_ms": {"link_down": 1200, …}}], "next": null};
// only reasons that occur.
json::value coverage_json(const std::vector<archive::CoverageItem>& items);
json::value coverage_schema();
// A line a step: start, end, recorded_ms, then a column a reason. RFC 4180, with a header line.
std::string coverage_csv(const std::vector<archive::CoverageItem>& items);

}  // namespace oriel::api

#include "api/coverage.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

namespace oriel::api {
namespace {

using media::Reason;

// Where the step after the one that holds `local` begins.
UtcTime next_step(UtcTime local, CoverageStep step) {
  const std::chrono::sys_time<std::chrono::microseconds> at{std::chrono::microseconds(local.us)};
  if (step == CoverageStep::hour) {
    const auto hour = std::chrono::floor<std::chrono::hours>(at) + std::chrono::hours(1);
    return UtcTime{std::chrono::microseconds(hour.time_since_epoch()).count()};
  }
  auto day = std::chrono::floor<std::chrono::days>(at);
  if (step == CoverageStep::day) {
    day += std::chrono::days(1);
  } else {
    const std::chrono::year_month_day date{day};
    day = std::chrono::sys_days((date.year() / date.month() + std::chrono::months(1)) / 1);
  }
  return UtcTime{std::chrono::microseconds(day.time_since_epoch()).count()};
}

std::string_view name_of(std::size_t reason) {
  return boost::describe::enum_to_string(static_cast<Reason>(reason), "");
}

}  // namespace

CoverageSum::CoverageSum(UtcSpan span, CoverageStep step, Duration offset) {
  for (UtcTime at = span.begin; at < span.end;) {
    const UtcTime next = std::min(span.end, next_step(at + offset, step) - offset);
    CoverageItem item;
    item.start = at;
    item.end = next;
    items_.push_back(item);
    at = next;
  }
}

void CoverageSum::add(const archive::TimelineSpan& span) {
  auto item = std::upper_bound(items_.begin(), items_.end(), span.start,
                               [](UtcTime at, const CoverageItem& i) { return at < i.end; });
  for (; item != items_.end() && item->start < span.end; ++item) {
    const UtcTime begin = std::max(span.start, item->start);
    const UtcTime end = std::min(span.end, item->end);
    const std::int64_t length_ms = end.ms() - begin.ms();
    if (span.state == archive::TimelineState::recorded)
      item->recorded_ms += length_ms;
    else
      item->missing_ms[static_cast<std::size_t>(span.reason)] += length_ms;
  }
}

json::value coverage_json(const std::vector<CoverageItem>& items) {
  json::array list;
  for (const auto& item : items) {
    json::object missing;
    for (std::size_t reason = 0; reason < kReasonCount; ++reason)
      if (item.missing_ms[reason] > 0) missing[name_of(reason)] = item.missing_ms[reason];
    list.push_back(json::object{{"start", to_json(item.start)},
                                {"end", to_json(item.end)},
                                {"recorded_ms", item.recorded_ms},
                                {"missing_ms", std::move(missing)}});
  }
  return json::object{{"items", std::move(list)}, {"next", nullptr}};
}

json::value coverage_schema() {
  const json::value milliseconds = json::object{{"type", "integer"}, {"minimum", 0}};
  json::object reasons;
  for (std::size_t reason = 0; reason < kReasonCount; ++reason)
    reasons[name_of(reason)] = milliseconds;
  const json::value item = json::object{
      {"type", "object"},
      {"properties", json::object{{"start", json_schema<UtcTime>()},
                                  {"end", json_schema<UtcTime>()},
                                  {"recorded_ms", milliseconds},
                                  {"missing_ms", json::object{{"type", "object"},
                                                              {"properties", reasons},
                                                              {"additionalProperties", false}}}}},
      {"required", json::array{"start", "end", "recorded_ms", "missing_ms"}}};
  return json::object{
      {"type", "object"},
      {"properties", json::object{{"items", json::object{{"type", "array"}, {"items", item}}},
                                  {"next", json::object{{"type", "null"}}}}},
      {"required", json::array{"items", "next"}}};
}

std::string coverage_csv(const std::vector<CoverageItem>& items) {
  std::string csv = "start,end,recorded_ms";
  for (std::size_t reason = 0; reason < kReasonCount; ++reason)
    fmt::format_to(std::back_inserter(csv), ",{}", name_of(reason));
  csv += "\r\n";
  for (const auto& item : items) {
    fmt::format_to(std::back_inserter(csv), "{},{},{}", format_rfc3339(item.start),
                   format_rfc3339(item.end), item.recorded_ms);
    for (const auto length_ms : item.missing_ms)
      fmt::format_to(std::back_inserter(csv), ",{}", length_ms);
    csv += "\r\n";
  }
  return csv;
}

}  // namespace oriel::api

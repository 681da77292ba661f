#include "api/coverage_json.h"

#include <fmt/format.h>

namespace oriel::api {
namespace {

using archive::CoverageItem;
using archive::kReasonCount;
using media::Reason;

std::string_view name_of(std::size_t reason) {
  return boost::describe::enum_to_string(static_cast<Reason>(reason), "");
}

}  // namespace

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

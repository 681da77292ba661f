// The pure parsers of what a peer names: path, query, range, tags, dates.
#include <cstddef>
#include <cstdint>

#include "http/conditional.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace oriel;
  using namespace oriel::http;
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  if (const auto path = Path::parse(text)) {
    ORIEL_CHECK(path->segments.size() <= kPathSegmentsMax);
    ORIEL_CHECK(path->text.find('\0') == std::string::npos);
    ORIEL_CHECK(("/" + path->text + "/").find("/../") == std::string::npos);
    for (std::size_t i = 0; i < path->segments.size(); ++i) ORIEL_CHECK(path->segment(i) != "..");
  }
  if (const auto query = Query::parse(text)) ORIEL_CHECK(query->items().size() <= kQueryItemsMax);
  for (const std::uint64_t total : {0ull, 1ull, 1000ull, ~0ull}) {
    const RangeChoice choice = choose_range(text, total);
    if (choice.kind == RangeKind::part)
      ORIEL_CHECK(choice.span.begin < choice.span.end && choice.span.end <= total);
  }
  etag_matches_weak(text, "\"a\"");
  etag_matches_strong(text, "\"a\"");
  if (const auto date = parse_http_date(text)) ORIEL_CHECK(date->us >= 0);
  return 0;
}

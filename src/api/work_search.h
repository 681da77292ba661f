// Works found by words and narrowed by facets.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/services.h"
#include "commons/search_index.h"
#include "commons/work.h"
#include "http/router.h"

namespace oriel::api {

// Whether a question to the list of Works is one for the index.
bool is_search(const http::Request& request);

// What is published, with the counts of facets. Blocks: for the offload. Errors: invalid, naming
// the parameter; unavailable (no index is open); deadline; those of the catalogue.
Result<json::value> search_works(const Services& services, const http::Request& request);

// A part of what a search finds, as far as he may see it, in its order.
struct FoundWorks {
  std::vector<commons::Work> works;
  commons::SearchAnswer answer;
  std::optional<std::string> next;  // cursor of the following part
};
// `sort` is what an absent parameter means. Blocks. Errors: as search_works().
Result<FoundWorks> find_works(const Services& services, const http::Request& request,
                              commons::SearchSort sort);

// "q=antelope&kind=clip" as a search may have it, to be asked again. Errors: invalid, naming what
// is none of its parameters.
Result<void> check_search(std::string_view query);

// The query parameters of a search.
std::vector<http::Parameter> search_parameters();

}  // namespace oriel::api

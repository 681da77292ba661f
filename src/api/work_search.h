// Works found by words and narrowed by facets.
#pragma once
#include "api/services.h"
#include "http/router.h"

namespace oriel::api {

// Whether a question to the list of Works is one for the index.
bool is_search(const http::Request& request);

// What is published, with the counts of facets. Blocks: for the offload. Errors: invalid, naming
// the parameter; unavailable (no index is open); deadline; those of the catalogue.
Result<json::value> search_works(const Services& services, const http::Request& request);

// The query parameters of a search.
std::vector<http::Parameter> search_parameters();

}  // namespace oriel::api

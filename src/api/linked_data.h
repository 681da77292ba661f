// JSON-LD as the IIIF interfaces send it.
#pragma once
#include <string>
#include <string_view>

#include "base/json.h"
#include "http/message.h"

namespace oriel::api {

// application/ld+json with its profile for who asks for it, else application/json; every origin may
// read it.
http::Response linked_data(const http::Request& request, const json::value& document,
                           std::string_view profile);
// The answer with leave for every origin: nothing here depends on a cookie of the asking page.
http::Response for_all_origins(http::Response response);

// "https://window.example/iiif/image/3/{sha256}".
std::string image_service_address(const std::string& origin, const std::string& sha256);

}  // namespace oriel::api

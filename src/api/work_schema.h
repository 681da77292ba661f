// What search engines and other programs are told of a Work in its page.
#pragma once
#include "api/services.h"
#include "commons/work.h"
#include "http/message.h"

namespace oriel::api {

// Of a Work that everybody may see, with `credit`, one line, and its files as `view` (view_of) has
// them for a visitor. Blocks. Errors: of the catalogue.
Result<json::value> schema_of(const Services& services, const http::Request& request,
                              const commons::Work& work, const json::value& view,
                              const std::string& credit);

}  // namespace oriel::api

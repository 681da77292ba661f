// Whether a page may open a WebSocket here (cross-site WebSocket hijacking). Inside the folder
// only.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace oriel::http {

// True without an Origin field (not a browser), when its host and port are those of Host (default
// ports may be left out), or when it is one of `others`.
bool is_origin_allowed(const Request& request, const std::vector<std::string>& others);

}  // namespace oriel::http

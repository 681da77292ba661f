#include "http/websocket_origin.h"

namespace oriel::http {
namespace {

std::string_view without_default_port(std::string_view host, std::string_view port) {
  if (host.size() > port.size() && host.ends_with(port)) host.remove_suffix(port.size());
  return host;
}

}  // namespace

bool is_origin_allowed(const Request& request, const std::vector<std::string>& others) {
  const auto origin = request.header("origin");
  if (!origin) return true;
  if (request.headers.count("origin") != 1) return false;
  for (const auto& other : others)
    if (equals_ignoring_case(*origin, other)) return true;
  const auto separator = origin->find("://");
  if (separator == std::string_view::npos) return false;  // "null"
  const auto scheme = origin->substr(0, separator);
  const std::string_view port = equals_ignoring_case(scheme, "https") ? ":443" : ":80";
  const auto host = request.header("host").value_or("");
  return !host.empty() &&
         equals_ignoring_case(without_default_port(origin->substr(separator + 3), port),
                              without_default_port(host, port));
}

}  // namespace oriel::http

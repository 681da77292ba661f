// The OpenAPI 3.1 document, made from the routes themselves so that it cannot drift.
#pragma once
#include <string>
#include <vector>

#include "http/router.h"

namespace oriel::http {

struct OpenApiOptions {
  std::string title = "Oriel";
  std::string version;
  std::string description;
  // Operations whose access is one of these are marked as needing no credentials.
  std::vector<std::string> public_access = {"public"};
  // Put into components.securitySchemes and required by all other operations, any one of them.
  boost::json::object security_schemes;
};

// Every route is in it; a WebSocket is a GET that answers 101. Object schemas that occur more than
// once move to components.schemas, named by their `title` or by where they were first seen. Each
// operation has the problem answer as `default`.
boost::json::object make_openapi(const Router& router, const OpenApiOptions& options);

}  // namespace oriel::http

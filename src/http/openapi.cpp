#include "http/openapi.h"

#include <algorithm>

#include <boost/json/serialize.hpp>

#include "http/problem.h"

namespace oriel::http {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;

// Moves object schemas that occur more than once to components.schemas.
class Components {
 public:
  void count(const value& schema, std::string_view hint) {
    if (const auto* list = schema.if_array()) {
      for (const auto& item : *list) count(item, hint);
      return;
    }
    const auto* fields = schema.if_object();
    if (fields == nullptr) return;
    for (const auto& [key, item] : *fields)
      count(item, key == "items" ? hint : std::string_view(key));
    if (!is_shared_kind(*fields)) return;
    auto& entry = seen_[boost::json::serialize(schema)];
    ++entry.uses;
    if (entry.name.empty()) entry.name = unique_name(name_of(*fields, hint));
  }

  // The schema with what is shared replaced by references.
  value place(const value& schema) {
    if (const auto* list = schema.if_array()) {
      array placed;
      for (const auto& item : *list) placed.push_back(place(item));
      return placed;
    }
    const auto* fields = schema.if_object();
    if (fields == nullptr) return schema;
    object placed;
    for (const auto& [key, item] : *fields) placed.emplace(key, place(item));
    if (!is_shared_kind(*fields)) return placed;
    const auto entry = seen_.find(boost::json::serialize(schema));
    if (entry == seen_.end() || (entry->second.uses < 2 && !fields->contains("title")))
      return placed;
    schemas_[entry->second.name] = placed;
    return object{{"$ref", "#/components/schemas/" + entry->second.name}};
  }

  object schemas() const {
    object out;
    for (const auto& [name, schema] : schemas_) out.emplace(name, schema);
    return out;
  }

 private:
  struct Entry {
    std::size_t uses = 0;
    std::string name;
  };

  static bool is_shared_kind(const object& fields) {
    const auto* properties = fields.if_contains("properties");
    return properties != nullptr && properties->is_object() && !properties->get_object().empty();
  }
  static std::string name_of(const object& fields, std::string_view hint) {
    const auto* title = fields.if_contains("title");
    std::string raw = title != nullptr && title->is_string() ? std::string(title->get_string())
                                                             : std::string(hint);
    std::string name;
    bool upper = true;
    for (const char c : raw) {
      const bool letter =
          (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
      if (letter) name.push_back(upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c);
      upper = !letter;
    }
    return name.empty() ? "Schema" : name;
  }
  std::string unique_name(const std::string& wanted) {
    std::string name = wanted;
    for (int i = 2; !names_.emplace(name, true).second; ++i) name = wanted + std::to_string(i);
    return name;
  }

  std::map<std::string, Entry> seen_;  // by the schema's text
  std::map<std::string, bool> names_;
  std::map<std::string, value> schemas_;
};

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

// "/files/{path...}" is "/files/{path}" in OpenAPI.
std::string openapi_path(std::string_view pattern) {
  std::string path(pattern);
  if (const auto at = path.find("...}"); at != std::string::npos) path.erase(at, 3);
  return path;
}

value schema_or_any(const value& schema) { return schema.is_null() ? value(object{}) : schema; }

array make_parameters(const Route& route, Components& components) {
  array out;
  const auto add = [&](const Parameter& parameter) {
    object item{{"name", parameter.name},
                {"in", parameter.in},
                {"required", parameter.required || parameter.in == "path"},
                {"schema", components.place(schema_or_any(parameter.schema))}};
    if (!parameter.description.empty()) item.emplace("description", parameter.description);
    out.push_back(std::move(item));
  };
  const auto& declared = route.operation.parameters;
  for (const auto& name : route.parameter_names) {
    const auto same = std::find_if(declared.begin(), declared.end(), [&](const Parameter& p) {
      return p.in == "path" && p.name == name;
    });
    Parameter parameter;
    if (same != declared.end()) parameter = *same;
    parameter.name = name;
    parameter.in = "path";
    add(parameter);
  }
  for (const auto& parameter : declared)
    if (parameter.in != "path") add(parameter);
  return out;
}

object make_answers(const Route& route, Components& components) {
  object out;
  for (const auto& [status, answer] : route.operation.answers) {
    object item{{"description",
                 answer.description.empty() ? std::string(reason_of(status)) : answer.description}};
    if (!answer.content_type.empty())
      item.emplace("content",
                   object{{answer.content_type,
                           object{{"schema", components.place(schema_or_any(answer.schema))}}}});
    out.emplace(std::to_string(status), std::move(item));
  }
  if (route.websocket && !out.contains("101"))
    out.emplace("101", object{{"description", "A WebSocket is open."}});
  out.emplace(
      "default",
      object{{"description", "A problem."},
             {"content", object{{"application/problem+json",
                                 object{{"schema", components.place(problem_schema())}}}}}});
  return out;
}

}  // namespace

object make_openapi(const Router& router, const OpenApiOptions& options) {
  Components components;
  components.count(problem_schema(), "Problem");
  for (const auto& route : router.routes()) {
    const auto& operation = route->operation;
    for (const auto& [status, answer] : operation.answers)
      components.count(answer.schema, operation.id + "Answer");
    if (operation.request_schema)
      components.count(*operation.request_schema, operation.id + "Body");
    for (const auto& parameter : operation.parameters)
      components.count(parameter.schema, parameter.name);
  }
  object paths;
  for (const auto& route : router.routes()) {
    const auto& operation = route->operation;
    object item;
    if (!operation.id.empty()) item.emplace("operationId", operation.id);
    if (!operation.summary.empty()) item.emplace("summary", operation.summary);
    if (!operation.tag.empty()) item.emplace("tags", array{value(operation.tag)});
    if (auto parameters = make_parameters(*route, components); !parameters.empty())
      item.emplace("parameters", std::move(parameters));
    if (operation.request_schema)
      item.emplace(
          "requestBody",
          object{{"required", true},
                 {"content",
                  object{{operation.request_content_type,
                          object{{"schema", components.place(*operation.request_schema)}}}}}});
    item.emplace("responses", make_answers(*route, components));
    if (!operation.access.empty()) item.emplace("x-access", operation.access);
    const bool open = std::find(options.public_access.begin(), options.public_access.end(),
                                operation.access) != options.public_access.end();
    array security;
    if (!open)
      for (const auto& [name, scheme] : options.security_schemes)
        security.push_back(object{{name, array{}}});
    item.emplace("security", std::move(security));
    auto& path = paths[openapi_path(route->pattern)];
    if (!path.is_object()) path = object{};
    path.get_object().emplace(lower(to_string(route->method)), std::move(item));
  }
  object info{{"title", options.title}, {"version", options.version}};
  if (!options.description.empty()) info.emplace("description", options.description);
  object shared{{"schemas", components.schemas()}};
  if (!options.security_schemes.empty())
    shared.emplace("securitySchemes", options.security_schemes);
  return object{{"openapi", "3.1.0"},
                {"info", std::move(info)},
                {"paths", std::move(paths)},
                {"components", std::move(shared)}};
}

}  // namespace oriel::http

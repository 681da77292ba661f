// A described public struct is its own JSON, and its own schema for OpenAPI.
//
//   struct Place { double latitude; std::optional<double> elevation_m; };
//   BOOST_DESCRIBE_STRUCT(Place, (), (latitude, elevation_m))
//
// Members: bool, integers, double, std::string, UtcTime (RFC 3339 text), described enums (their
// name), described structs, std::optional (null when absent), std::vector, std::map<string, T>,
// and boost::json::value for what has no fixed shape. A Secret does not compile.
#pragma once
#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include <boost/describe.hpp>
#include <boost/json.hpp>
#include <boost/mp11.hpp>

#include "base/result.h"
#include "base/time.h"

namespace oriel {

namespace json = boost::json;

namespace json_detail {

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <class T>
inline constexpr bool is_vector = false;
template <class T>
inline constexpr bool is_vector<std::vector<T>> = true;
template <class T>
inline constexpr bool is_map = false;
template <class T>
inline constexpr bool is_map<std::map<std::string, T>> = true;

template <class T>
using Members = boost::describe::describe_members<T, boost::describe::mod_public |
                                                         boost::describe::mod_inherited>;

// The error for the first key of `object` that is no member of T; there must be one.
template <class T>
Error unknown_key(const json::object& object, const std::string& path) {
  std::string unknown;
  // Not a structured binding: clang 14 cannot use one in the lambda.
  for (const auto& pair : object) {
    bool found = false;
    boost::mp11::mp_for_each<Members<T>>(
        [&](auto member) { found = found || pair.key() == member.name; });
    if (found) continue;
    unknown = pair.key();
    break;
  }
  return {ErrorKind::invalid, (path.empty() ? "" : path + ".") + unknown + ": is not a known key"};
}

}  // namespace json_detail

template <class T>
json::value to_json(const T& value) {
  using namespace json_detail;
  if constexpr (std::is_same_v<T, json::value>) {
    return value;
  } else if constexpr (std::is_same_v<T, bool>) {
    return json::value(value);
  } else if constexpr (std::is_enum_v<T>) {
    return json::value(boost::describe::enum_to_string(value, ""));
  } else if constexpr (std::is_integral_v<T>) {
    return json::value(static_cast<std::int64_t>(value));
  } else if constexpr (std::is_floating_point_v<T>) {
    return std::isfinite(value) ? json::value(static_cast<double>(value)) : json::value(nullptr);
  } else if constexpr (std::is_same_v<T, std::string>) {
    return json::value(value);
  } else if constexpr (std::is_same_v<T, UtcTime>) {
    return json::value(format_rfc3339(value));
  } else if constexpr (is_optional<T>) {
    return value ? to_json(*value) : json::value(nullptr);
  } else if constexpr (is_vector<T>) {
    json::array array;
    array.reserve(value.size());
    for (const auto& item : value) array.push_back(to_json(item));
    return array;
  } else if constexpr (is_map<T>) {
    json::object object;
    for (const auto& [key, item] : value) object.emplace(key, to_json(item));
    return object;
  } else {
    json::object object;
    boost::mp11::mp_for_each<Members<T>>(
        [&](auto member) { object.emplace(member.name, to_json(value.*member.pointer)); });
    return object;
  }
}

// Strict: an unknown key, a missing member that is not optional, or a wrong type is `invalid`, and
// the message names the path ("walls[2].name: expected a text").
template <class T>
Result<T> from_json(const json::value& value, const std::string& path = "") {
  using namespace json_detail;
  const auto wrong = [&](std::string_view expected) {
    return fail(ErrorKind::invalid, (path.empty() ? std::string("body") : path) + ": expected " +
                                        std::string(expected));
  };
  if constexpr (std::is_same_v<T, json::value>) {
    return value;
  } else if constexpr (std::is_same_v<T, bool>) {
    if (!value.is_bool()) return wrong("true or false");
    return value.get_bool();
  } else if constexpr (std::is_enum_v<T>) {
    T parsed{};
    if (!value.is_string() ||
        !boost::describe::enum_from_string(std::string(value.get_string()).c_str(), parsed)) {
      std::string names;
      boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>(
          [&](auto e) { names += (names.empty() ? "" : ", ") + std::string(e.name); });
      return wrong("one of " + names);
    }
    return parsed;
  } else if constexpr (std::is_integral_v<T>) {
    std::error_code error;
    const auto number = value.to_number<T>(error);
    if (error || value.is_double()) return wrong("a whole number");
    return number;
  } else if constexpr (std::is_floating_point_v<T>) {
    std::error_code error;
    const auto number = value.to_number<double>(error);
    if (error) return wrong("a number");
    return static_cast<T>(number);
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (!value.is_string()) return wrong("a text");
    return std::string(value.get_string());
  } else if constexpr (std::is_same_v<T, UtcTime>) {
    if (!value.is_string()) return wrong("an RFC 3339 time");
    auto time = parse_rfc3339(std::string_view(value.get_string()));
    if (!time) return wrong("an RFC 3339 time");
    return *time;
  } else if constexpr (is_optional<T>) {
    if (value.is_null()) return T{};
    auto item = from_json<typename T::value_type>(value, path);
    if (!item) return fail(item.error());
    return T{std::move(*item)};
  } else if constexpr (is_vector<T>) {
    if (!value.is_array()) return wrong("a list");
    T items;
    for (std::size_t i = 0; i < value.get_array().size(); ++i) {
      auto item = from_json<typename T::value_type>(value.get_array()[i],
                                                    path + "[" + std::to_string(i) + "]");
      if (!item) return fail(item.error());
      items.push_back(std::move(*item));
    }
    return items;
  } else if constexpr (is_map<T>) {
    if (!value.is_object()) return wrong("an object");
    T items;
    for (const auto& [key, element] : value.get_object()) {
      auto item = from_json<typename T::mapped_type>(element, path + "." + std::string(key));
      if (!item) return fail(item.error());
      items.emplace(key, std::move(*item));
    }
    return items;
  } else {
    if (!value.is_object()) return wrong("an object");
    const auto& object = value.get_object();
    T parsed{};
    std::optional<Error> error;
    std::size_t known = 0;
    boost::mp11::mp_for_each<Members<T>>([&](auto member) {
      using Member = std::remove_reference_t<decltype(parsed.*member.pointer)>;
      const std::string member_path = path.empty() ? member.name : path + "." + member.name;
      const auto* element = object.if_contains(member.name);
      if (element != nullptr) ++known;
      if (error) return;
      if (element == nullptr) {
        if constexpr (!is_optional<Member>)
          error = Error{ErrorKind::invalid, member_path + ": is missing"};
        return;
      }
      auto item = from_json<Member>(*element, member_path);
      if (item)
        parsed.*member.pointer = std::move(*item);
      else
        error = std::move(item).error();
    });
    if (error) return fail(std::move(*error));
    if (known != object.size()) return fail(unknown_key<T>(object, path));
    return parsed;
  }
}

// JSON Schema (2020-12) of T as OpenAPI 3.1 takes it, without references.
template <class T>
json::value json_schema() {
  using namespace json_detail;
  if constexpr (std::is_same_v<T, json::value>) {
    return json::object{};
  } else if constexpr (std::is_same_v<T, bool>) {
    return json::object{{"type", "boolean"}};
  } else if constexpr (std::is_enum_v<T>) {
    json::array names;
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>(
        [&](auto e) { names.emplace_back(e.name); });
    return json::object{{"type", "string"}, {"enum", names}};
  } else if constexpr (std::is_integral_v<T>) {
    return json::object{{"type", "integer"}};
  } else if constexpr (std::is_floating_point_v<T>) {
    return json::object{{"type", "number"}};
  } else if constexpr (std::is_same_v<T, std::string>) {
    return json::object{{"type", "string"}};
  } else if constexpr (std::is_same_v<T, UtcTime>) {
    return json::object{{"type", "string"}, {"format", "date-time"}};
  } else if constexpr (is_optional<T>) {
    return json::object{{"anyOf", json::array{json_schema<typename T::value_type>(),
                                              json::object{{"type", "null"}}}}};
  } else if constexpr (is_vector<T>) {
    return json::object{{"type", "array"}, {"items", json_schema<typename T::value_type>()}};
  } else if constexpr (is_map<T>) {
    return json::object{{"type", "object"},
                        {"additionalProperties", json_schema<typename T::mapped_type>()}};
  } else {
    json::object properties;
    json::array required;
    boost::mp11::mp_for_each<Members<T>>([&](auto member) {
      using Member = std::remove_cvref_t<decltype(std::declval<T>().*member.pointer)>;
      properties.emplace(member.name, json_schema<Member>());
      if constexpr (!is_optional<Member>) required.emplace_back(member.name);
    });
    return json::object{{"type", "object"},
                        {"properties", properties},
                        {"required", required},
                        {"additionalProperties", false}};
  }
}

}  // namespace oriel

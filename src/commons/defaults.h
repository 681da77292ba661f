// JSON of a described struct with what was left out: so that a client writes only what he means,
// and rows of earlier programs can be read.
#pragma once
#include <utility>

#include "base/json.h"

namespace oriel::commons {

// `given` with each missing member as a default-made T has it, in all depths. What is of a wrong
// type stays as it is, for from_json() to refuse.
template <class T>
json::value with_defaults(json::value given) {
  using namespace json_detail;
  if constexpr (is_vector<T>) {
    if (given.is_array())
      for (auto& item : given.get_array())
        item = with_defaults<typename T::value_type>(std::move(item));
  } else if constexpr (is_optional<T>) {
    if (!given.is_null()) given = with_defaults<typename T::value_type>(std::move(given));
  } else if constexpr (std::is_same_v<T, UtcTime>) {
    // A time has no default.
  } else if constexpr (boost::describe::has_describe_members<T>::value) {
    if (!given.is_object()) return given;
    auto& object = given.get_object();
    const T defaults{};
    boost::mp11::mp_for_each<Members<T>>([&](auto member) {
      using Member = std::remove_cvref_t<decltype(defaults.*member.pointer)>;
      if (auto* found = object.if_contains(member.name); found != nullptr)
        *found = with_defaults<Member>(std::move(*found));
      else if constexpr (!std::is_same_v<Member, UtcTime>)
        object.emplace(member.name, to_json(defaults.*member.pointer));
    });
  }
  return given;
}

template <class T>
Result<T> from_partial_json(json::value given, const std::string& path = "") {
  return from_json<T>(with_defaults<T>(std::move(given)), path);
}

}  // namespace oriel::commons

// JSON of a described struct of which parts may be left out: so that a client writes only what he
// means, and rows of earlier programs can be read.
#pragma once
#include <utility>

#include "base/json.h"

namespace oriel::commons {

// As from_json(), but a missing member stays as a default-made T has it, in all depths; a time has
// no default. The path of a member is only put together for an error: rows are read by the million.
template <class T>
Result<T> from_partial_json(const json::value& given, const std::string& path = "") {
  using namespace json_detail;
  if constexpr (is_vector<T>) {
    if (!given.is_array()) return from_json<T>(given, path);
    T items;
    items.reserve(given.get_array().size());
    for (const auto& element : given.get_array()) {
      auto item = from_partial_json<typename T::value_type>(element);
      if (!item)
        return fail(from_partial_json<typename T::value_type>(
                        element, path + "[" + std::to_string(items.size()) + "]")
                        .error());
      items.push_back(std::move(*item));
    }
    return items;
  } else if constexpr (is_optional<T>) {
    if (given.is_null()) return T{};
    auto item = from_partial_json<typename T::value_type>(given, path);
    if (!item) return fail(std::move(item).error());
    return T{std::move(*item)};
  } else if constexpr (std::is_same_v<T, UtcTime> ||
                       !boost::describe::has_describe_members<T>::value) {
    return from_json<T>(given, path);
  } else {
    if (!given.is_object()) return from_json<T>(given, path);
    const auto& object = given.get_object();
    T parsed{};
    std::optional<Error> error;
    std::size_t known = 0;
    boost::mp11::mp_for_each<Members<T>>([&](auto member) {
      using Member = std::remove_reference_t<decltype(parsed.*member.pointer)>;
      const auto* element = object.if_contains(member.name);
      if (element != nullptr) ++known;
      if (error) return;
      const auto member_path = [&] {
        return path.empty() ? std::string(member.name) : path + "." + member.name;
      };
      if (element == nullptr) {
        if constexpr (std::is_same_v<Member, UtcTime>)
          error = Error{ErrorKind::invalid, member_path() + ": is missing"};
        return;
      }
      auto item = from_partial_json<Member>(*element);
      if (item)
        parsed.*member.pointer = std::move(*item);
      else
        error = from_partial_json<Member>(*element, member_path()).error();
    });
    if (error) return fail(std::move(*error));
    if (known != object.size()) return fail(unknown_key<T>(object, path));
    return parsed;
  }
}

}  // namespace oriel::commons

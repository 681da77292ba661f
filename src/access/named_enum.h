// Names in JSON for an enum whose names there are no C++ identifiers ("operator", "feeds:read").
#pragma once
#include <algorithm>
#include <cstddef>

namespace oriel::access {

template <std::size_t N>
struct FixedText {
  char characters[N] = {};
  // Implicit, so that a literal can be a template argument.
  consteval FixedText(const char (&text)[N]) { std::copy_n(text, N, characters); }
};

// What Boost.Describe asks of a described value: its value and its name. A list of these, returned
// by boost_enum_descriptor_fn(E**), is what BOOST_DESCRIBE_ENUM would write.
template <auto Value, FixedText Name>
struct NamedValue {
  static constexpr auto value = Value;
  static constexpr const char* name = Name.characters;
};

}  // namespace oriel::access

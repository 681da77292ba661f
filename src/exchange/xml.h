// XML 1.0 appended to one string: what is written by the million needs no tree.
#pragma once
#include <string>
#include <string_view>

namespace oriel::exchange {

// Text for an element or, between quotation marks, an attribute: & < > " escaped, and each byte
// that is no character of XML (control characters, broken UTF-8, U+FFFE, U+FFFF) replaced by
// U+FFFD.
void append_escaped(std::string& xml, std::string_view text);

// <name>text</name>; with xml:lang where `language` says one ("und" says none).
void append_element(std::string& xml, std::string_view name, std::string_view text,
                    std::string_view language = "");

// name="value", with a space before it.
void append_attribute(std::string& xml, std::string_view name, std::string_view value);

}  // namespace oriel::exchange

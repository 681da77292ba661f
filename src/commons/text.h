// Texts in any number of languages.
#pragma once
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace oriel::commons {

// By language tag (BCP 47: "en", "zh-Hant", "und" where nobody knows).
using LocalisedText = std::map<std::string, std::string>;

// The first of `wanted` that is there ("zh" takes "zh-CN" too), else English, else any; "" where
// there is no text at all.
std::string_view text_in(const LocalisedText& text, const std::vector<std::string>& wanted);

// The shape of a tag, not whether it is registered: "zh-Hant-TW", at most 35 bytes.
bool is_language_tag(std::string_view tag);

// UTF-8 (RFC 3629) without surrogates, overlong forms and control characters other than tab and
// line feed.
bool is_plain_text(std::string_view text);

// `path` begins the message of an error. Errors: invalid (a key that is no tag, an empty or too
// long text, broken UTF-8, more than 200 languages).
Result<void> check_text(const LocalisedText& text, std::string_view path, std::size_t bytes_max);
Result<void> check_line(std::string_view text, std::string_view path, std::size_t bytes_max);

}  // namespace oriel::commons

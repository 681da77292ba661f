// Reading the text formats that people check by hand (seal.h, proof.h): lines of words with single
// spaces. What is not exactly so is found by the caller: it formats what it read and compares.
#pragma once
#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include <boost/describe/enum_from_string.hpp>
#include <fmt/format.h>

#include "base/result.h"
#include "base/sha256.h"

namespace oriel::archive {

// Takes words from the front of a line.
class Words {
 public:
  explicit Words(std::string_view line) : rest_(line) {}
  std::string_view next() {
    const auto space = rest_.find(' ');
    const auto word = rest_.substr(0, space);
    rest_ = space == std::string_view::npos ? std::string_view{} : rest_.substr(space + 1);
    return word;
  }
  template <class T>
  T number() {
    T value{};
    const auto word = next();
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    good_ = good_ && error == std::errc{} && end == word.data() + word.size();
    return value;
  }
  template <class E>
  E named() {
    E value{};
    const auto word = next();
    good_ = good_ && boost::describe::enum_from_string(std::string(word).c_str(), value);
    return value;
  }
  Sha256Digest digest() {
    const auto found = parse_sha256(next());
    good_ = good_ && found.has_value();
    return found.value_or(Sha256Digest{});
  }
  bool good() const { return good_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool good_ = true;
};

class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}
  // Without its line feed; absent at the end, or where a line feed is missing.
  std::optional<std::string_view> next() {
    const auto end = rest_.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    const auto line = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    ++number_;
    return line;
  }
  Result<std::string_view> value_of(std::string_view key) {
    const auto line = next();
    if (!line || !line->starts_with(key) || line->size() <= key.size() ||
        (*line)[key.size()] != ' ')
      return wrong(fmt::format("expected \"{} …\"", key));
    return line->substr(key.size() + 1);
  }
  Result<Words> words_of(std::string_view key) {
    ORIEL_TRY_ASSIGN(const auto value, value_of(key));
    return Words(value);
  }
  template <class T>
  Result<T> number_of(std::string_view key) {
    ORIEL_TRY_ASSIGN(auto words, words_of(key));
    const T value = words.template number<T>();
    if (!words.good()) return wrong("the number is wrong");
    return value;
  }
  tl::unexpected<Error> wrong(std::string_view what) const {
    return fail(ErrorKind::invalid, fmt::format("line {}: {}", number_, what));
  }
  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
  int number_ = 0;
};

}  // namespace oriel::archive

// Strict reading of TOML tables: asks for keys by name and type, and knows what was not asked for.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <toml++/toml.h>

#include "base/result.h"

namespace oriel::app {

// One table of the file. The first error is kept; later calls then do nothing, so a reader asks for
// all keys and looks at the error once, in finish().
class TomlReader {
 public:
  TomlReader(const toml::table& table, std::string file, std::string path,
             std::optional<Error>& error)
      : table_(table), file_(std::move(file)), path_(std::move(path)), error_(error) {}

  void text(std::string_view key, std::string& value);
  void text(std::string_view key, std::optional<std::string>& value);
  void flag(std::string_view key, bool& value);
  void integer(std::string_view key, std::int64_t& value, std::int64_t least, std::int64_t most);
  void real(std::string_view key, std::optional<double>& value, double least, double most);
  void texts(std::string_view key, std::vector<std::string>& values);
  // "text" or { en = "text", zh = "文字" }
  void localised(std::string_view key, std::map<std::string, std::string>& value);
  void table(std::string_view key, const std::function<void(TomlReader&)>& read);
  // [[key]]
  void tables(std::string_view key, const std::function<void(TomlReader&)>& read);
  void refuse(std::string_view key, std::string_view expected);
  void require(std::string_view key);
  // After all keys were asked for: any other key is an error.
  void finish();
  std::int64_t line() const;
  const std::string& path() const { return path_; }

 private:
  const toml::node* take(std::string_view key);
  void refuse_at(const toml::node& node, std::string_view key, std::string_view text);
  std::string path_of(std::string_view key) const;

  const toml::table& table_;
  const std::string file_;
  const std::string path_;
  std::optional<Error>& error_;
  std::set<std::string, std::less<>> asked_;
};

}  // namespace oriel::app

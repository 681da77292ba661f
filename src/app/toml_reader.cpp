#include "app/toml_reader.h"

#include <fmt/format.h>

namespace oriel::app {

std::string TomlReader::path_of(std::string_view key) const {
  return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
}

std::int64_t TomlReader::line() const { return table_.source().begin.line; }

const toml::node* TomlReader::take(std::string_view key) {
  asked_.emplace(key);
  return error_ ? nullptr : table_.get(key);
}

void TomlReader::refuse_at(const toml::node& node, std::string_view key, std::string_view text) {
  if (error_) return;
  error_ = Error{ErrorKind::invalid,
                 fmt::format("{}:{}: {}: {}", file_, node.source().begin.line, path_of(key), text)};
}

void TomlReader::refuse(std::string_view key, std::string_view expected) {
  const toml::node* node = table_.get(key);
  refuse_at(node != nullptr ? *node : static_cast<const toml::node&>(table_), key, expected);
}

void TomlReader::require(std::string_view key) {
  if (table_.get(key) == nullptr) refuse_at(table_, key, "is missing");
}

void TomlReader::text(std::string_view key, std::string& value) {
  const toml::node* node = take(key);
  if (node == nullptr) return;
  if (const auto given = node->value_exact<std::string>())
    value = *given;
  else
    refuse_at(*node, key, "expected a text in quotes");
}

void TomlReader::text(std::string_view key, std::optional<std::string>& value) {
  std::string given;
  if (table_.get(key) == nullptr) {
    asked_.emplace(key);
    return;
  }
  text(key, given);
  if (!error_) value = std::move(given);
}

void TomlReader::flag(std::string_view key, bool& value) {
  const toml::node* node = take(key);
  if (node == nullptr) return;
  if (const auto given = node->value_exact<bool>())
    value = *given;
  else
    refuse_at(*node, key, "expected true or false");
}

void TomlReader::integer(std::string_view key, std::int64_t& value, std::int64_t least,
                         std::int64_t most) {
  const toml::node* node = take(key);
  if (node == nullptr) return;
  const auto given = node->value_exact<std::int64_t>();
  if (given && *given >= least && *given <= most)
    value = *given;
  else
    refuse_at(*node, key, fmt::format("expected a whole number from {} to {}", least, most));
}

void TomlReader::real(std::string_view key, std::optional<double>& value, double least,
                      double most) {
  const toml::node* node = take(key);
  if (node == nullptr) return;
  const auto given = node->value<double>();
  if (node->is_number() && given && *given >= least && *given <= most)
    value = *given;
  else
    refuse_at(*node, key, fmt::format("expected a number from {} to {}", least, most));
}

void TomlReader::texts(std::string_view key, std::vector<std::string>& values) {
  const toml::node* node = take(key);
  if (node == nullptr) return;
  const toml::array* array = node->as_array();
  if (array == nullptr) return refuse_at(*node, key, "expected a list of texts");
  values.clear();
  for (const auto& item : *array) {
    const auto given = item.value_exact<std::string>();
    if (!given) return refuse_at(item, key, "expected a list of texts");
    values.push_back(*given);
  }
}

void TomlReader::localised(std::string_view key, std::map<std::string, std::string>& value) {
  const toml::node* node = take(key);
  if (node == nullptr) return;
  constexpr std::string_view kExpected =
      "expected a text or a table such as { en = \"Lake\", zh = \"湖\" }";
  if (const auto given = node->value_exact<std::string>()) {
    value = {{"und", *given}};
    return;
  }
  const toml::table* languages = node->as_table();
  if (languages == nullptr || languages->empty()) return refuse_at(*node, key, kExpected);
  value.clear();
  for (const auto& [language, item] : *languages) {
    const auto given = item.value_exact<std::string>();
    if (!given) return refuse_at(item, key, kExpected);
    value[std::string(language.str())] = *given;
  }
}

void TomlReader::table(std::string_view key, const std::function<void(TomlReader&)>& read) {
  const toml::node* node = take(key);
  if (node == nullptr) return;
  const toml::table* inner = node->as_table();
  if (inner == nullptr) return refuse_at(*node, key, "expected a table");
  TomlReader reader(*inner, file_, path_of(key), error_);
  read(reader);
  reader.finish();
}

void TomlReader::tables(std::string_view key, const std::function<void(TomlReader&)>& read) {
  const toml::node* node = take(key);
  if (node == nullptr) return;
  const toml::array* array = node->as_array();
  const std::string expected = fmt::format("expected tables headed [[{}]]", path_of(key));
  if (array == nullptr) return refuse_at(*node, key, expected);
  for (std::size_t i = 0; i < array->size(); ++i) {
    const toml::table* inner = (*array)[i].as_table();
    if (inner == nullptr) return refuse_at((*array)[i], key, expected);
    TomlReader reader(*inner, file_, fmt::format("{}[{}]", path_of(key), i), error_);
    read(reader);
    reader.finish();
  }
}

void TomlReader::finish() {
  if (error_) return;
  for (const auto& [key, node] : table_) {
    if (asked_.contains(key.str())) continue;
    std::string known;
    for (const auto& name : asked_) known += (known.empty() ? "" : ", ") + name;
    return refuse_at(node, key.str(), fmt::format("is not a known key; known here are {}", known));
  }
}

}  // namespace oriel::app

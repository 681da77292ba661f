// glTF 2.0, section 3.4 (asset) and 4 (GLB): only the asset is written anew, all other text stays
// byte for byte.
#include <algorithm>
#include <optional>

#include "base/json.h"
#include "imprint/formats.h"

namespace oriel::imprint {
namespace {

constexpr std::uint64_t kTextBytesMax = 32u << 20;
constexpr std::size_t kAssetBytesMax = 1u << 20;

struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;
};

void skip_space(std::string_view text, std::size_t& at) {
  while (at < text.size() &&
         (text[at] == ' ' || text[at] == '\n' || text[at] == '\r' || text[at] == '\t'))
    ++at;
}

// From one quote to behind the other. False: it does not end.
bool skip_string(std::string_view text, std::size_t& at) {
  for (++at; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      ++at;
      return true;
    }
  }
  return false;
}

// One value, whatever is in it; only brackets and strings are looked at.
bool skip_value(std::string_view text, std::size_t& at) {
  std::size_t depth = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '"') {
      if (!skip_string(text, at)) return false;
      if (depth == 0) return true;
      continue;
    }
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') {
      if (depth == 0) return true;  // it ended before: a number or a word
      --depth;
      ++at;
      if (depth == 0) return true;
      continue;
    }
    if (depth == 0 && (c == ',' || c == ' ' || c == '\n' || c == '\r' || c == '\t')) return true;
    ++at;
  }
  return false;
}

// The value of "asset" in the outermost object.
std::optional<Span> find_asset(std::string_view text) {
  std::size_t at = 0;
  skip_space(text, at);
  if (at >= text.size() || text[at] != '{') return std::nullopt;
  for (++at;;) {
    skip_space(text, at);
    if (at >= text.size() || text[at] != '"') return std::nullopt;
    const auto key = at;
    if (!skip_string(text, at)) return std::nullopt;
    const bool found = text.substr(key, at - key) == "\"asset\"";
    skip_space(text, at);
    if (at >= text.size() || text[at] != ':') return std::nullopt;
    ++at;
    skip_space(text, at);
    const auto begin = at;
    if (!skip_value(text, at)) return std::nullopt;
    if (found) return Span{begin, at};
    skip_space(text, at);
    if (at >= text.size() || text[at] != ',') return std::nullopt;
    ++at;
  }
}

json::array array_of(const std::vector<std::string>& lines) {
  json::array array;
  for (const auto& line : lines) array.emplace_back(line);
  return array;
}

// The asset with the legend in it. Absent: it is none.
std::optional<std::string> renewed_asset(std::string_view text, const Legend& legend) {
  if (text.size() > kAssetBytesMax) return std::nullopt;
  boost::system::error_code error;
  auto value = json::parse(text, error);
  if (error || !value.is_object() || !value.get_object().contains("version")) return std::nullopt;
  auto& asset = value.get_object();
  asset["copyright"] = legend.credit;
  auto& extras = asset["extras"];
  if (extras.is_null()) extras = json::object{};
  if (!extras.is_object()) return json::serialize(value);
  auto& said = extras.get_object();
  said["title"] = legend.title;
  said["author"] = all_makers(legend);
  said["license"] =
      legend.licence + (legend.licence_uri.empty() ? "" : " (" + legend.licence_uri + ")");
  said["source"] = legend.address;
  said["credits"] = array_of(legend.credits);
  said["sources"] = array_of(legend.sources);
  said["date"] = format_rfc3339(legend.date);
  return json::serialize(value);
}

struct Renewed {
  Span span;
  std::string text;
};

Result<Renewed> renew(std::string_view text, const Legend& legend) {
  const auto span = find_asset(text);
  auto asset = span ? renewed_asset(text.substr(span->begin, span->end - span->begin), legend)
                    : std::nullopt;
  if (!asset) return fail(ErrorKind::unsupported, "it is no glTF: it has no asset");
  return Renewed{*span, std::move(*asset)};
}

}  // namespace

Result<Changes> mark_gltf(Look& look, const Legend& legend) {
  if (look.bytes() > kTextBytesMax) return fail(ErrorKind::unsupported, "it is a very long text");
  ORIEL_TRY_ASSIGN(const auto bytes, look.at(0, look.bytes()));
  ORIEL_TRY_ASSIGN(const auto renewed, renew(as_text(bytes), legend));
  Change change{renewed.span.begin, renewed.span.end - renewed.span.begin, {}};
  append(change.bytes, renewed.text);
  return Changes{std::move(change)};
}

Result<Changes> mark_glb(Look& look, const Legend& legend) {
  constexpr std::size_t kTextAt = 20;  // behind the file's header and that of the first chunk
  ORIEL_TRY_ASSIGN(const auto head, look.at(0, kTextAt));
  const auto total = read_le(head, 8, 4);
  const auto bytes = read_le(head, 12, 4);
  if (as_text(head).substr(0, 4) != "glTF" || read_le(head, 4, 4) != 2 ||
      as_text(head).substr(16, 4) != "JSON" || total > look.bytes() || total < kTextAt ||
      bytes > total - kTextAt)
    return fail(ErrorKind::data_loss, "it does not begin as a GLB of version 2 does");
  if (bytes > kTextBytesMax) return fail(ErrorKind::unsupported, "its text is very long");
  ORIEL_TRY_ASSIGN(const auto chunk, look.at(kTextAt, bytes));
  auto text = std::string(as_text(chunk));
  ORIEL_TRY_ASSIGN(const auto renewed, renew(text, legend));
  text.replace(renewed.span.begin, renewed.span.end - renewed.span.begin, renewed.text);
  while (text.size() % 4 != 0) text += ' ';
  const auto new_total = total - bytes + text.size();
  if (new_total > UINT32_MAX) return fail(ErrorKind::unsupported, "it is as long as a GLB can be");
  Change change{8, kTextAt - 8 + bytes, {}};
  write_le(change.bytes, new_total, 4);
  write_le(change.bytes, text.size(), 4);
  append(change.bytes, "JSON");
  append(change.bytes, text);
  return Changes{std::move(change)};
}

}  // namespace oriel::imprint

#include "api/page_text.h"

#include <fmt/format.h>

namespace oriel::api {
namespace {

constexpr std::string_view kHeadMark = "<!--page-head-->";
constexpr std::string_view kBodyMark = "<!--page-body-->";

void fill(std::string& page, std::string_view mark, const std::string& with) {
  if (const auto at = page.find(mark); at != std::string::npos) page.replace(at, mark.size(), with);
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string safe;
  safe.reserve(text.size());
  for (const char c : text) {
    if (c == '&')
      safe += "&amp;";
    else if (c == '<')
      safe += "&lt;";
    else if (c == '>')
      safe += "&gt;";
    else if (c == '"')
      safe += "&quot;";
    else if (c == '\'')
      safe += "&#39;";
    else
      safe += c;
  }
  return safe;
}

std::string meta_tag(std::string_view kind, std::string_view name, std::string_view content) {
  return fmt::format("<meta {}=\"{}\" content=\"{}\" />\n", kind, name, escaped(content));
}

std::string link_tag(std::string_view rel, std::string_view href) {
  return fmt::format("<link rel=\"{}\" href=\"{}\" />\n", rel, escaped(href));
}

std::string data_script(std::string_view type, std::string_view id, const json::value& data) {
  std::string text;
  // A script's end must not be spelt inside it.
  for (const char c : json::serialize(data)) {
    if (c == '<')
      text += "\\u003c";
    else
      text += c;
  }
  return fmt::format("<script type=\"{}\" id=\"{}\">{}</script>\n", type, id, text);
}

std::string filled_page(std::string page, const std::string& head, const std::string& body) {
  if (page.empty())
    page = fmt::format(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\" />{}</head>"
        "<body>{}</body></html>",
        kHeadMark, kBodyMark);
  fill(page, kBodyMark, body);
  fill(page, kHeadMark, head);
  return page;
}

}  // namespace oriel::api

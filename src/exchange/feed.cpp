#include "exchange/feed.h"

#include "base/json.h"
#include "exchange/xml.h"

namespace oriel::exchange {
namespace {

void append_link(std::string& xml, std::string_view rel, std::string_view href,
                 std::string_view type = "", std::int64_t bytes = 0) {
  xml += "<link";
  append_attribute(xml, "rel", rel);
  append_attribute(xml, "href", href);
  if (!type.empty()) append_attribute(xml, "type", type);
  if (bytes > 0) append_attribute(xml, "length", std::to_string(bytes));
  xml += "/>";
}

void append_entry(std::string& xml, const FeedEntry& entry) {
  xml += "<entry";
  if (!entry.language.empty() && entry.language != "und")
    append_attribute(xml, "xml:lang", entry.language);
  xml += ">";
  append_element(xml, "id", entry.address);
  append_element(xml, "title", entry.title);
  append_link(xml, "alternate", entry.address, "text/html");
  append_element(xml, "published", format_rfc3339(entry.published));
  append_element(xml, "updated", format_rfc3339(entry.updated));
  for (const auto& author : entry.authors) {
    xml += "<author>";
    append_element(xml, "name", author);
    xml += "</author>";
  }
  for (const auto& tag : entry.tags) {
    xml += "<category";
    append_attribute(xml, "term", tag);
    xml += "/>";
  }
  if (!entry.summary.empty()) append_element(xml, "summary", entry.summary);
  if (!entry.rights.empty()) {
    append_element(xml, "rights", entry.rights);
    if (entry.rights.starts_with("http")) append_link(xml, "license", entry.rights);
  }
  for (const auto& file : entry.files)
    append_link(xml, "enclosure", file.url, file.type, file.bytes);
  xml += "</entry>\n";
}

json::object file_of(const FeedFile& file) {
  return {{"url", file.url}, {"mime_type", file.type}, {"size_in_bytes", file.bytes}};
}

json::object item_of(const FeedEntry& entry) {
  json::object item{{"id", entry.address},
                    {"url", entry.address},
                    {"title", entry.title},
                    {"content_text", entry.summary.empty() ? entry.title : entry.summary},
                    {"date_published", format_rfc3339(entry.published)},
                    {"date_modified", format_rfc3339(entry.updated)}};
  if (!entry.language.empty() && entry.language != "und") item["language"] = entry.language;
  if (entry.picture) item["image"] = entry.picture->url;
  json::array authors, tags, files;
  for (const auto& author : entry.authors) authors.push_back(json::object{{"name", author}});
  for (const auto& tag : entry.tags) tags.emplace_back(tag);
  for (const auto& file : entry.files) files.push_back(file_of(file));
  if (!authors.empty()) item["authors"] = std::move(authors);
  if (!tags.empty()) item["tags"] = std::move(tags);
  if (!files.empty()) item["attachments"] = std::move(files);
  // Members of others begin with an underscore.
  if (!entry.rights.empty()) item["_license"] = json::object{{"url", entry.rights}};
  return item;
}

}  // namespace

std::string format_atom(const Feed& feed) {
  std::string xml =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n";
  append_element(xml, "id", feed.self);
  append_element(xml, "title", feed.title);
  append_element(xml, "updated", format_rfc3339(feed.updated));
  // RFC 4287 section 4.1.1: a feed has an author, so that each entry has one.
  xml += "<author>";
  append_element(xml, "name", feed.node);
  xml += "</author>";
  append_link(xml, "self", feed.self, "application/atom+xml");
  append_link(xml, "alternate", feed.page, "text/html");
  if (!feed.next.empty()) append_link(xml, "next", feed.next, "application/atom+xml");
  xml += "\n";
  for (const auto& entry : feed.entries) append_entry(xml, entry);
  return xml + "</feed>\n";
}

std::string format_json_feed(const Feed& feed) {
  json::object value{{"version", "https://jsonfeed.org/version/1.1"},
                     {"title", feed.title},
                     {"home_page_url", feed.page},
                     {"feed_url", feed.self},
                     {"authors", json::array{json::object{{"name", feed.node}}}}};
  if (!feed.next.empty()) value["next_url"] = feed.next;
  json::array items;
  for (const auto& entry : feed.entries) items.push_back(item_of(entry));
  value["items"] = std::move(items);
  return json::serialize(value);
}

}  // namespace oriel::exchange

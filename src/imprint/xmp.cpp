#include "imprint/xmp.h"

#include <fmt/format.h>

namespace oriel::imprint {
namespace {

// What is said here, and therefore nowhere else in the packet.
constexpr std::string_view kSaid[] = {"dc:title",
                                      "dc:creator",
                                      "dc:rights",
                                      "dc:source",
                                      "dc:relation",
                                      "dc:identifier",
                                      "photoshop:Credit",
                                      "xmpRights:Marked",
                                      "xmpRights:Owner",
                                      "xmpRights:UsageTerms",
                                      "cc:license",
                                      "cc:attributionName",
                                      "xmp:MetadataDate",
                                      "cc:attributionURL",
                                      "xmpRights:WebStatement"};

constexpr std::string_view kNames =
    " xmlns:dc=\"http://purl.org/dc/elements/1.1/\""
    " xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\""
    " xmlns:xmpRights=\"http://ns.adobe.com/xap/1.0/rights/\""
    " xmlns:photoshop=\"http://ns.adobe.com/photoshop/1.0/\""
    " xmlns:cc=\"http://creativecommons.org/ns#\"";

constexpr std::string_view kEndOfAll = "</rdf:RDF>";

std::string xml(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else if (c == '\n' || static_cast<unsigned char>(c) >= 0x20)
      out += c;
  }
  return out;
}

void add_plain(std::string& out, std::string_view name, std::string_view text) {
  if (!text.empty()) out += fmt::format("<{}>{}</{}>\n", name, xml(text), name);
}

// An alternative for each language; the first is taken by who knows none.
void add_languages(std::string& out, std::string_view name, std::string_view first,
                   const std::map<std::string, std::string>& others) {
  if (first.empty()) return;
  out += fmt::format("<{}><rdf:Alt><rdf:li xml:lang=\"x-default\">{}</rdf:li>", name, xml(first));
  for (const auto& [language, text] : others)
    if (language != "und" && !text.empty())
      out += fmt::format("<rdf:li xml:lang=\"{}\">{}</rdf:li>", xml(language), xml(text));
  out += fmt::format("</rdf:Alt></{}>\n", name);
}

void add_list(std::string& out, std::string_view name, std::string_view kind,
              const std::vector<std::string>& items) {
  if (items.empty()) return;
  out += fmt::format("<{}><rdf:{}>", name, kind);
  for (const auto& item : items) out += "<rdf:li>" + xml(item) + "</rdf:li>";
  out += fmt::format("</rdf:{}></{}>\n", kind, name);
}

void add_resource(std::string& out, std::string_view name, std::string_view uri) {
  if (!uri.empty()) out += fmt::format("<{} rdf:resource=\"{}\"/>\n", name, xml(uri));
}

std::string description(const Legend& legend, std::string_view about) {
  std::string out = fmt::format("<rdf:Description rdf:about=\"{}\"{}>\n", about, kNames);
  add_languages(out, "dc:title", legend.title, legend.titles);
  add_list(out, "dc:creator", "Seq", legend.makers);
  add_languages(out, "dc:rights", all_credits(legend), {});
  add_plain(out, "dc:identifier", legend.address);
  add_plain(out, "dc:source", legend.sources.empty() ? legend.address : legend.sources.front());
  add_list(out, "dc:relation", "Bag", legend.sources);
  add_plain(out, "photoshop:Credit", legend.credit);
  add_plain(out, "xmpRights:Marked", legend.public_domain ? "False" : "True");
  add_plain(out, "xmpRights:WebStatement", legend.licence_uri);
  add_languages(out, "xmpRights:UsageTerms", legend.licence, {});
  add_resource(out, "cc:license", legend.licence_uri);
  add_plain(out, "cc:attributionName", all_makers(legend));
  add_resource(out, "cc:attributionURL", legend.address);
  add_plain(out, "xmp:MetadataDate", format_rfc3339(legend.date));
  return out + "</rdf:Description>\n";
}

bool ends_name(char c) {
  return c == ' ' || c == '>' || c == '/' || c == '\n' || c == '\r' || c == '\t';
}

// Takes <name …>…</name> and <name …/> out. False: it does not end.
bool remove_elements(std::string& text, std::string_view name) {
  const std::string open = "<" + std::string(name);
  const std::string close = "</" + std::string(name) + ">";
  std::size_t at = 0;
  while ((at = text.find(open, at)) != std::string::npos) {
    const auto after = at + open.size();
    if (after < text.size() && !ends_name(text[after])) {
      at = after;
      continue;
    }
    const auto tag_end = text.find('>', after);
    if (tag_end == std::string::npos) return false;
    auto end = tag_end + 1;
    if (text[tag_end - 1] != '/') {
      end = text.find(close, tag_end);
      if (end == std::string::npos) return false;
      end += close.size();
    }
    text.erase(at, end - at);
  }
  return true;
}

// Takes name="…" out where it is an attribute.
bool remove_attributes(std::string& text, std::string_view name) {
  for (const char quote : {'"', '\''}) {
    const std::string open = std::string(name) + "=" + quote;
    std::size_t at = 0;
    while ((at = text.find(open, at)) != std::string::npos) {
      if (at == 0 || (text[at - 1] != ' ' && text[at - 1] != '\n' && text[at - 1] != '\t')) {
        at += open.size();
        continue;
      }
      const auto end = text.find(quote, at + open.size());
      if (end == std::string::npos) return false;
      text.erase(at, end + 1 - at);
    }
  }
  return true;
}

// The names that every description speaks of must be one.
std::string about_of(std::string_view old) {
  constexpr std::string_view kAbout = "rdf:about=\"";
  const auto at = old.find(kAbout);
  if (at == std::string_view::npos) return "";
  const auto text = old.substr(at + kAbout.size());
  const auto end = text.find('"');
  if (end == std::string_view::npos || end > 200 ||
      text.substr(0, end).find_first_of("<>&") != std::string_view::npos)
    return "";
  return std::string(text.substr(0, end));
}

// A packet ends in spaces for who writes into it in place; they are not needed.
bool is_packet(std::string_view text) {
  return text.find("<rdf:RDF") != std::string_view::npos &&
         text.find(kEndOfAll) != std::string_view::npos &&
         text.find('\0') == std::string_view::npos && text.find("<!") == std::string_view::npos;
}

}  // namespace

std::string xmp_packet(const Legend& legend, std::string_view old) {
  if (is_packet(old)) {
    std::string kept(old);
    bool whole = true;
    for (const auto name : kSaid)
      whole = whole && remove_elements(kept, name) && remove_attributes(kept, name);
    const auto at = kept.rfind(kEndOfAll);
    if (whole && at != std::string::npos)
      return kept.insert(at, description(legend, about_of(old)));
  }
  return "<?xpacket begin=\"\xef\xbb\xbf\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n"
         "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\" x:xmptk=\"Oriel\">\n"
         "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\n" +
         description(legend, "") + "</rdf:RDF>\n</x:xmpmeta>\n<?xpacket end=\"w\"?>";
}

}  // namespace oriel::imprint

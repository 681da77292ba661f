#include "exchange/sitemap.h"

#include "exchange/xml.h"

namespace oriel::exchange {
namespace {

constexpr std::string_view kHead = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
constexpr std::string_view kNamespace = " xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n";

}  // namespace

std::string format_sitemap_index(const std::string& origin, const std::vector<std::string>& ends) {
  std::string xml(kHead);
  xml.append("<sitemapindex").append(kNamespace);
  const auto add = [&](const std::string& name) {
    xml += "<sitemap>";
    append_element(xml, "loc", origin + "/sitemap/" + name + ".xml");
    xml += "</sitemap>\n";
  };
  add("0");
  for (const auto& end : ends) add(end);
  return xml + "</sitemapindex>\n";
}

std::string format_sitemap(const std::string& origin, bool first,
                           const std::vector<commons::Publications::Address>& works) {
  constexpr std::size_t kAddressBytes = 120;
  std::string xml(kHead);
  xml.reserve(works.size() * kAddressBytes);
  xml.append("<urlset").append(kNamespace);
  if (first)
    for (const char* page : {"/", "/commons"}) {
      xml += "<url>";
      append_element(xml, "loc", origin + page);
      xml += "</url>\n";
    }
  for (const auto& work : works) {
    xml += "<url>";
    append_element(xml, "loc", origin + "/works/" + work.id);
    append_element(xml, "lastmod", format_rfc3339(work.changed_at));
    xml += "</url>\n";
  }
  return xml + "</urlset>\n";
}

std::string format_robots(const std::string& origin) {
  return "User-agent: *\nDisallow: /desk\nDisallow: /live/\nDisallow: /playback/\nSitemap: " +
         origin + "/sitemap.xml\n";
}

}  // namespace oriel::exchange

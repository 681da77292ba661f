// Sitemaps (sitemaps.org 0.9): the addresses of all that is published, for search engines.
#pragma once
#include <string>
#include <vector>

#include "commons/publications.h"

namespace oriel::exchange {

// Works in one file: the protocol allows 50,000 addresses, and the first has two pages.
inline constexpr std::int64_t kSitemapAddresses = 49'998;

// `origin` is "https://window.example". The index names one part for each stretch of addresses:
// /sitemap/0.xml, and /sitemap/{id}.xml for what comes after the Work of that id.
std::string format_sitemap_index(const std::string& origin, const std::vector<std::string>& ends);
// The first part has the pages, too.
std::string format_sitemap(const std::string& origin, bool first,
                           const std::vector<commons::Publications::Address>& works);
std::string format_robots(const std::string& origin);

}  // namespace oriel::exchange

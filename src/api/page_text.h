// Pages that say what they show before any script runs: for people, previews and search engines.
#pragma once
#include <string>
#include <string_view>

#include "base/json.h"

namespace oriel::api {

// &, <, >, " and ' as entities, for text and attributes alike.
std::string escaped(std::string_view text);

// <meta kind="name" content="content" />, with a line feed.
std::string meta_tag(std::string_view kind, std::string_view name, std::string_view content);

// <link rel="rel" href="href" />, with a line feed.
std::string link_tag(std::string_view rel, std::string_view href);

// A script element that is data: of the type "application/json" or "application/ld+json".
std::string data_script(std::string_view type, std::string_view id, const json::value& data);

// `page` with both in their marks, <!--page-head--> and <!--page-body-->; a plain page when it is
// empty.
std::string filled_page(std::string page, const std::string& head, const std::string& body);

}  // namespace oriel::api

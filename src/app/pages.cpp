#include "app/pages.h"

#include <fmt/format.h>

#include "http/problem.h"

namespace oriel::app {
namespace {

http::Awaitable<http::Response> page(const http::StaticFiles& files, http::Request& request) {
  const std::string& path = request.path.text;
  std::string_view file = path;
  if (path == "/")
    file = "/index.html";
  else if (path == "/wall" || path.starts_with("/wall/"))
    file = "/wall.html";
  else if (path == "/desk" || path.starts_with("/desk/"))
    file = "/desk.html";
  else if (path == "/commons")
    file = "/commons.html";
  if (auto found = files.find(request, file)) co_return std::move(*found);
  co_return http::problem(Error{ErrorKind::not_found, "there is no such page"});
}

// A zoom level, column or row: digits only, so that a tile's path never leaves its folder.
bool is_tile_number(std::string_view text) {
  return !text.empty() && text.size() <= 9 &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

http::Awaitable<http::Response> tile(const std::string& folder, http::Offload& offload,
                                     http::Request& request) {
  const auto z = request.parameter("z");
  const auto x = request.parameter("x");
  const auto y = request.parameter("y");
  if (!is_tile_number(z) || !is_tile_number(x) || !is_tile_number(y))
    co_return http::problem(Error{ErrorKind::not_found, "there is no such tile"});
  const std::string path = fmt::format("{}/{}/{}/{}.png", folder, z, x, y);
  auto file = co_await offload.run([&path] { return http::open_file_range(path); });
  if (!file) co_return http::problem(Error{ErrorKind::not_found, "there is no such tile"});
  http::Response response;
  response.headers.set("Content-Type", "image/png");
  response.headers.set("Cache-Control", "public, max-age=86400");
  response.body = http::Body::of(std::move(*file));
  co_return response;
}

}  // namespace

void add_tiles(http::Router& router, const std::string& folder, http::Offload& offload) {
  http::Operation described;
  described.id = "getTile";
  described.tag = "pages";
  described.summary = "A map tile of this node";
  described.access = "public";
  described.answers[200] = {"A tile", "image/png", {}};
  router.add(http::Method::get, "/tiles/{z}/{x}/{y}.png", std::move(described),
             [folder, &offload](http::Request& request) { return tile(folder, offload, request); });
}

void add_pages(http::Router& router, const http::StaticFiles& files) {
  http::Operation described;
  described.id = "getPage";
  described.tag = "pages";
  described.summary = "The pages and their assets";
  described.access = "public";
  described.answers[200] = {"A page, a script, a style, a font or a picture", "*/*", {}};
  router.add(http::Method::get, "/{path...}", std::move(described),
             [&files](http::Request& request) { return page(files, request); });
}

}  // namespace oriel::app

#include "app/pages.h"

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
  if (auto found = files.find(request, file)) co_return std::move(*found);
  co_return http::problem(Error{ErrorKind::not_found, "there is no such page"});
}

}  // namespace

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

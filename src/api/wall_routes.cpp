// Walls: named arrangements of places on a museum's screens.
#include "api/screen_book.h"
#include "api/services.h"
#include "api/viewer.h"
#include "http/problem.h"

namespace oriel::api {
namespace {

using http::Awaitable;
using http::Request;
using http::Response;

constexpr std::size_t kWallFeedsMax = 64;
constexpr std::size_t kLogoBytesMax = 140'000;  // a data: URL of 100 KB
constexpr std::size_t kWallsMax = 500;

struct Wall {
  std::string name;
  LocalisedText title;
  std::vector<std::string> feeds;
  std::string layout;  // "auto", or how many tiles: "1" to "16"
  std::string mode;    // "grid", "rotate"
  std::int64_t rotate_s = 20;
  std::vector<std::string> languages;
  bool clock = true;
  bool captions = true;
  std::optional<std::string> logo;
  std::string theme;  // "night", "day"
};
BOOST_DESCRIBE_STRUCT(Wall, (),
                      (name, title, feeds, layout, mode, rotate_s, languages, clock, captions, logo,
                       theme))

Result<void> check_wall(const Wall& wall) {
  const auto wrong = [](std::string text) { return fail(ErrorKind::invalid, std::move(text)); };
  if (auto name = parse_slug(wall.name); !name) return wrong("name: " + name.error().message);
  if (wall.feeds.empty() || wall.feeds.size() > kWallFeedsMax)
    return wrong("feeds: a wall has 1 to 64");
  for (const auto& feed : wall.feeds)
    if (!parse_slug(feed)) return wrong("feeds: not the id of a feed");
  const int tiles = wall.layout == "auto" ? 1 : std::atoi(wall.layout.c_str());
  if (tiles < 1 || tiles > 16 || (wall.layout != "auto" && wall.layout != std::to_string(tiles)))
    return wrong("layout: expected auto or a number from 1 to 16");
  if (wall.mode != "grid" && wall.mode != "rotate") return wrong("mode: expected grid or rotate");
  if (wall.rotate_s < 3 || wall.rotate_s > 3600) return wrong("rotate_s: expected 3 to 3600");
  if (wall.theme != "night" && wall.theme != "day") return wrong("theme: expected night or day");
  if (wall.languages.empty() || wall.languages.size() > 2) return wrong("languages: one or two");
  if (wall.logo && (wall.logo->size() > kLogoBytesMax || !wall.logo->starts_with("data:image/")))
    return wrong("logo: expected a data:image/… URL of at most 100 KB");
  for (const auto& [language, text] : wall.title)
    if (text.size() > 200 || language.size() > 35) return wrong("title: too long");
  return {};
}

Result<Wall> parse_wall(const std::string& text) {
  std::error_code error;
  const auto parsed = json::parse(text, error);
  if (error) return fail(ErrorKind::data_loss, "a stored wall cannot be read");
  return from_json<Wall>(parsed);
}

Result<ListOf<Wall>> load_walls(store::Database& database) {
  ListOf<Wall> list;
  ORIEL_TRY(database.read([&](store::Session& session) {
    list.items.clear();
    return session.query("SELECT definition FROM wall ORDER BY name", {},
                         [&](const store::Row& row) {
                           if (auto wall = parse_wall(row.text(0)))
                             list.items.push_back(std::move(*wall));
                         });
  }));
  return list;
}

Result<Wall> load_wall(store::Database& database, const std::string& name) {
  std::optional<Wall> found;
  ORIEL_TRY(database.read([&](store::Session& session) {
    return session.query("SELECT definition FROM wall WHERE name = $1", {name},
                         [&](const store::Row& row) {
                           if (auto wall = parse_wall(row.text(0))) found = std::move(*wall);
                         });
  }));
  if (!found) return fail(ErrorKind::not_found, "there is no such wall");
  return std::move(*found);
}

Result<void> store_wall(Services& services, const Wall& wall) {
  return services.database.write([&](store::Session& session) -> Result<void> {
    std::int64_t count = 0;
    ORIEL_TRY(session.query("SELECT COUNT(*) FROM wall WHERE name <> $1", {wall.name},
                            [&](const store::Row& row) { count = row.integer(0); }));
    if (static_cast<std::size_t>(count) >= kWallsMax)
      return fail(ErrorKind::exhausted, "there are 500 walls already");
    ORIEL_TRY(session.execute(
        "INSERT INTO wall (name, definition, updated_us) VALUES ($1, $2, $3) "
        "ON CONFLICT (name) DO UPDATE SET definition = excluded.definition, updated_us = "
        "excluded.updated_us",
        {wall.name, std::string(json::serialize(to_json(wall))), services.clock.now().us}));
    return {};
  });
}

// A wall may hold places that not everybody may know of.
void leave_out_unknown(const Services& services, const Request& request, Wall& wall) {
  std::erase_if(wall.feeds, [&](const std::string& feed) {
    return !services.policies.view(FeedId(feed), identity_of(request));
  });
}

Awaitable<Response> list_walls(Services& services, Request& request) {
  auto list = co_await services.offload.run([&] { return load_walls(services.database); });
  if (!list) co_return http::problem(list.error());
  for (auto& wall : list->items) leave_out_unknown(services, request, wall);
  co_return uncached(Response::of(*list));
}

Awaitable<Response> get_wall(Services& services, Request& request) {
  const std::string name(request.parameter("name"));
  auto wall = co_await services.offload.run([&] { return load_wall(services.database, name); });
  if (!wall) co_return http::problem(wall.error());
  leave_out_unknown(services, request, *wall);
  co_return uncached(Response::of(*wall));
}

Awaitable<Response> put_wall(Services& services, Request& request) {
  auto wall = http::body_as<Wall>(request);
  if (!wall) co_return http::problem(wall.error());
  if (wall->name != request.parameter("name"))
    co_return http::problem(Error{ErrorKind::invalid, "name: is not the one of the address"});
  if (auto good = check_wall(*wall); !good) co_return http::problem(good.error());
  auto stored = co_await services.offload.run([&] { return store_wall(services, *wall); });
  if (!stored) co_return http::problem(stored.error());
  co_return Response::of(*wall);
}

Awaitable<Response> delete_wall(Services& services, Request& request) {
  const std::string name(request.parameter("name"));
  auto gone = co_await services.offload.run([&] {
    return services.database.write([&](store::Session& session) -> Result<void> {
      ORIEL_TRY_ASSIGN(const auto rows,
                       session.execute("DELETE FROM wall WHERE name = $1", {name}));
      if (rows == 0) return fail(ErrorKind::not_found, "there is no such wall");
      return {};
    });
  });
  if (!gone) co_return http::problem(gone.error());
  co_return Response::empty();
}

Awaitable<Response> report_health(Services& services, Request& request) {
  auto report = http::body_as<ScreenReport>(request);
  if (!report) co_return http::problem(report.error());
  const auto name = parse_slug(request.parameter("name"));
  if (!name) co_return http::problem(name.error());
  auto noted = services.screens.report(*name, request.peer_address, std::move(*report));
  if (!noted) co_return http::problem(noted.error());
  co_return Response::empty();
}

}  // namespace

void add_wall_routes(http::Router& router, Services& services) {
  using http::Method;
  auto described = operation("listWalls", "walls", "The walls");
  answers<ListOf<Wall>>(described);
  router.add(Method::get, "/api/v1/walls", std::move(described),
             [&services](Request& r) { return list_walls(services, r); });
  described = operation("getWall", "walls", "One wall");
  answers<Wall>(described);
  router.add(Method::get, "/api/v1/walls/{name}", std::move(described),
             [&services](Request& r) { return get_wall(services, r); });
  described = operation("putWall", "walls", "Make or change a wall", "manage_walls");
  described.request_schema = json_schema<Wall>();
  described.body_bytes_max = 512u << 10;
  answers<Wall>(described);
  router.add(Method::put, "/api/v1/walls/{name}", std::move(described),
             [&services](Request& r) { return put_wall(services, r); });
  described = operation("deleteWall", "walls", "Remove a wall", "manage_walls");
  described.answers[204] = {"Done", "", {}};
  router.add(Method::delete_, "/api/v1/walls/{name}", std::move(described),
             [&services](Request& r) { return delete_wall(services, r); });
  described = operation("reportScreenHealth", "walls", "A screen tells how it is");
  described.request_schema = json_schema<ScreenReport>();
  described.body_bytes_max = 16u << 10;
  described.answers[204] = {"Noted", "", {}};
  router.add(Method::post, "/api/v1/walls/{name}/health", std::move(described),
             [&services](Request& r) { return report_health(services, r); });
}

}  // namespace oriel::api

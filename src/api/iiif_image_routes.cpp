// The IIIF Image API 3.0, level 2, of every picture of the commons: its id is the file's SHA-256.
// Who may have the file may have its pieces. Tiles of a pyramid go out as they lie on disk; all
// else is made by a worker.
#include <mutex>
#include <unordered_map>

#include <fmt/format.h>

#include "api/file_dimensions.h"
#include "api/linked_data.h"
#include "api/provenance.h"
#include "api/services.h"
#include "api/viewer.h"
#include "api/work_gate.h"
#include "base/hex.h"
#include "http/conditional.h"
#include "http/problem.h"
#include "image/pictures.h"

namespace oriel::api {
namespace {

using commons::File;
using http::Awaitable;
using http::Request;
using http::Response;
using image::Extent;
using image::ImageCut;
using image::PyramidState;
using image::PyramidStatus;

constexpr std::string_view kContext = "http://iiif.io/api/image/3/context.json";
constexpr std::string_view kLevel = "http://iiif.io/api/image/3/level2.json";
// Up to here a piece is cut from the whole file while its pyramid is being made; that takes at most
// a second or two. Of larger ones only the pyramid gives pieces.
constexpr std::int64_t kCutWholePixelsMax = 40'000'000;

// What every visitor may have, for a second: a viewer asks for tiles by the hundred. What is
// withheld is asked afresh at once (PolicyBook::version()); a Work that is withdrawn, a second
// later.
class VisitorSights {
 public:
  explicit VisitorSights(const Services& services) : services_(services) {}

  bool is_public(const std::string& sha256) {
    const std::lock_guard lock(mutex_);
    const auto found = known_.find(sha256);
    return found != known_.end() && found->second.version == services_.policies.version() &&
           services_.clock.steady() < found->second.until;
  }
  // `version` was read before it was asked.
  void keep(const std::string& sha256, std::uint64_t version) {
    const std::lock_guard lock(mutex_);
    if (known_.size() >= kMax) known_.clear();  // a second's worth: it fills again
    known_[sha256] = {version, services_.clock.steady() + std::chrono::seconds(1)};
  }

 private:
  static constexpr std::size_t kMax = 10'000;
  struct Known {
    std::uint64_t version = 0;
    SteadyTime until;
  };
  const Services& services_;
  std::mutex mutex_;
  std::unordered_map<std::string, Known> known_;  // guarded
};

struct ImageRoutes {
  explicit ImageRoutes(Services& all) : services(all), sights(all) {}
  Services& services;
  VisitorSights sights;
};

// Of a picture that cannot be shown the client is told why; it is no secret and no fault of ours.
Response refusal(const Error& error) {
  if (error.kind == ErrorKind::data_loss) return for_all_origins(http::problem(422, error.message));
  return for_all_origins(http::problem(error));
}

struct FoundImage {
  File file;
  std::string path;
  bool is_public = false;
  Extent size;
};

// Without its size. Blocks.
Result<FoundImage> look_up(ImageRoutes& routes, const Request& request, const std::string& id) {
  Services& services = routes.services;
  const auto digest = parse_sha256(id);
  if (!digest || format_hex(*digest) != id)
    return fail(ErrorKind::not_found, "there is no such image");
  const auto version = services.policies.version();
  FoundImage found;
  ORIEL_TRY_ASSIGN(found.file, services.commons.shelf.load(id));
  ORIEL_TRY_ASSIGN(const auto sight, sight_of_file(services, id, identity_of(request)));
  if (!sight.allowed) return fail(ErrorKind::not_found, "there is no such image");
  if (!image::Pictures::is_picture(found.file.type)) {
    return fail(ErrorKind::unsupported, image::Pictures::why_no_picture(found.file.type));
  }
  const auto path = services.commons.shelf.objects().file_of(*digest);
  if (!path) return fail(ErrorKind::unsupported, "the file is not on this machine's disk");
  found.path = *path;
  found.is_public = sight.is_public;
  if (sight.is_public) routes.sights.keep(id, version);
  return found;
}

Awaitable<Result<FoundImage>> find_image(ImageRoutes& routes, const Request& request) {
  Services& services = routes.services;
  const std::string id(request.parameter("id"));
  auto found = co_await services.offload.run([&] { return look_up(routes, request, id); });
  if (!found) co_return found;
  if (lacks_dimensions(found->file)) {
    auto described = co_await services.still_makers.run(
        [&] { return with_dimensions(services.commons.shelf, services.images, found->file); });
    if (!described) co_return fail(std::move(described).error());
    found->file = std::move(*described);
  }
  found->size = {static_cast<std::int32_t>(found->file.width.value_or(0)),
                 static_cast<std::int32_t>(found->file.height.value_or(0))};
  if (found->size.pixels() == 0) co_return fail(ErrorKind::data_loss, "the picture has no size");
  co_return found;
}

Awaitable<Result<PyramidStatus>> ask_pyramid(Services& services, const FoundImage& found) {
  auto status = co_await services.offload.run(
      [&] { return services.images.ask(found.file.sha256, found.path, found.size); });
  if (status && status->state == PyramidState::failed) co_return fail(*status->why);
  co_return status;
}

void tell_cache(Response& response, bool is_public) {
  response.headers.set("Cache-Control", is_public ? "public, max-age=3600" : "no-store");
}

json::object size_json(Extent size) { return {{"width", size.width}, {"height", size.height}}; }

json::object info_json(const std::string& address, Extent size) {
  json::array sizes;
  json::array factors;
  const image::PyramidShape shape(size);
  // The levels' own sizes and no others: viewers take the list for the levels.
  for (std::size_t n = 0; n < shape.levels.size(); ++n) {
    factors.push_back(std::int64_t{1} << n);
    const auto level = shape.levels[n].size;
    if (image::largest_given(level) == level) sizes.insert(sizes.begin(), size_json(level));
  }
  json::object info{{"@context", kContext},
                    {"id", address},
                    {"type", "ImageService3"},
                    {"protocol", "http://iiif.io/api/image"},
                    {"profile", "level2"},
                    {"width", size.width},
                    {"height", size.height},
                    {"maxWidth", image::kGivenSideMax},
                    {"maxHeight", image::kGivenSideMax},
                    {"maxArea", image::kGivenPixelsMax}};
  if (!sizes.empty()) info["sizes"] = std::move(sizes);
  info["tiles"] = json::array{json::object{{"width", image::kTileSide},
                                           {"height", image::kTileSide},
                                           {"scaleFactors", std::move(factors)}}};
  info["extraQualities"] = json::array{"color", "gray", "bitonal"};
  info["extraFeatures"] = json::array{"mirroring", "canonicalLinkHeader", "profileLinkHeader"};
  return info;
}

Awaitable<Response> get_info(ImageRoutes& routes, Request& request) {
  Services& services = routes.services;
  const auto found = co_await find_image(routes, request);
  if (!found) co_return refusal(found.error());
  // The first demand: who reads this will want tiles. Nobody waits for it here.
  const auto status = co_await services.offload.run(
      [&] { return services.images.ask(found->file.sha256, found->path, found->size); });
  if (status && status->state == PyramidState::failed) co_return refusal(*status->why);
  const auto address = image_service_address(origin_of(services, request), found->file.sha256);
  auto response = linked_data(request, info_json(address, found->size), kContext);
  tell_cache(response, found->is_public);
  co_return response;
}

Awaitable<Response> get_base(ImageRoutes& routes, Request& request) {
  const std::string id(request.parameter("id"));
  if (!parse_sha256(id)) co_return refusal({ErrorKind::not_found, "there is no such image"});
  auto response = Response::empty(303);
  response.headers.set(
      "Location", image_service_address(origin_of(routes.services, request), id) + "/info.json");
  co_return for_all_origins(std::move(response));
}

Response as_image(const Request& request, const std::string& origin, const std::string& sha256,
                  Extent size, const ImageCut& cut, bool is_public, const http::SliceProducer& body,
                  std::uint64_t bytes) {
  const auto canonical = image::canonical(cut, size);
  http::Representation representation;
  representation.content_type = cut.format == image::Format::png ? "image/png" : "image/jpeg";
  representation.total_bytes = bytes;
  representation.etag =
      "\"" + format_hex(oriel::sha256(as_bytes(sha256 + "/" + canonical))).substr(0, 32) + "\"";
  auto response = http::respond_with_range(request, representation, body);
  response.headers.set("Link",
                       fmt::format("<{}/{}>;rel=\"canonical\", <{}>;rel=\"profile\"",
                                   image_service_address(origin, sha256), canonical, kLevel));
  tell_cache(response, is_public);
  return for_all_origins(std::move(response));
}

Response tile_response(const Request& request, const std::string& origin, const std::string& sha256,
                       const image::PyramidPtr& pyramid, const ImageCut& cut, image::TilePlace tile,
                       bool is_public) {
  const http::FileRange range{pyramid, pyramid->descriptor(), tile.offset, tile.bytes};
  return as_image(
      request, origin, sha256, pyramid->size(), cut, is_public,
      [&](http::ByteSpan span) -> Result<http::Body> {
        auto piece = range;
        piece.offset_bytes += span.begin;
        piece.length_bytes = span.end - span.begin;
        return http::Body::of(std::move(piece));
      },
      tile.bytes);
}

std::string in_preparation(const PyramidStatus& status) {
  return fmt::format("the picture is being prepared: {} % done, {} before it",
                     static_cast<int>(status.progress * 100), status.before);
}

// A tile that may go out without asking a database, a disk or a worker.
std::optional<Response> find_at_hand(ImageRoutes& routes, const Request& request,
                                     const image::ImageRequest& wanted) {
  if (identity_of(request).account) return std::nullopt;
  const std::string id(request.parameter("id"));
  if (!routes.sights.is_public(id)) return std::nullopt;
  const auto pyramid = routes.services.images.find_open(id);
  if (!pyramid) return std::nullopt;
  const auto cut = wanted.resolve(pyramid->size());
  if (!cut) return std::nullopt;
  const auto tile = pyramid->find_tile(*cut);
  if (!tile) return std::nullopt;
  return tile_response(request, origin_of(routes.services, request), id, pyramid, *cut, *tile,
                       true);
}

Awaitable<Response> get_image(ImageRoutes& routes, Request& request) {
  Services& services = routes.services;
  const auto wanted =
      image::ImageRequest::parse({request.parameter("region"), request.parameter("size"),
                                  request.parameter("rotation"), request.parameter("file")});
  if (wanted) {
    if (auto at_hand = find_at_hand(routes, request, *wanted)) co_return std::move(*at_hand);
  }
  const auto found = co_await find_image(routes, request);
  if (!found) co_return refusal(found.error());
  if (!wanted && wanted.error().kind == ErrorKind::unsupported)
    co_return for_all_origins(http::problem(501, wanted.error().message));
  if (!wanted) co_return refusal(wanted.error());
  const auto cut = wanted->resolve(found->size);
  if (!cut) co_return refusal(cut.error());
  const auto status = co_await ask_pyramid(services, *found);
  if (!status) co_return refusal(status.error());
  const auto origin = origin_of(services, request);
  const auto& sha256 = found->file.sha256;
  if (status->pyramid) {
    if (const auto tile = status->pyramid->find_tile(*cut)) {
      co_return tile_response(request, origin, sha256, status->pyramid, *cut, *tile,
                              found->is_public);
    }
  } else if (status->state != PyramidState::none && found->size.pixels() > kCutWholePixelsMax) {
    co_return refusal({ErrorKind::unavailable, in_preparation(*status)});
  }
  auto bytes = co_await services.still_makers.run(
      [&] { return services.images.cut(sha256, found->path, *cut); });
  if (!bytes) co_return refusal(bytes.error());
  const auto shared = std::make_shared<const Bytes>(std::move(*bytes));
  const auto body = [&](http::ByteSpan span) -> Result<http::Body> {
    http::Body whole;
    whole.append(http::MemorySlice::of(shared, span.begin, span.end - span.begin));
    return whole;
  };
  co_return as_image(request, origin, sha256, found->size, *cut, found->is_public, body,
                     shared->size());
}

// For a page that shows how far it is.
struct PictureView {
  PyramidState state = PyramidState::none;
  double progress = 0;
  std::int64_t before = 0;
  std::int64_t width = 0;
  std::int64_t height = 0;
  std::string service;  // the base of its images; info.json lies below
};
BOOST_DESCRIBE_STRUCT(PictureView, (), (state, progress, before, width, height, service))

Awaitable<Response> get_progress(ImageRoutes& routes, Request& request) {
  const auto found = co_await find_image(routes, request);
  if (!found) co_return refusal(found.error());
  const auto status = co_await ask_pyramid(routes.services, *found);
  if (!status) co_return refusal(status.error());
  PictureView view;
  view.state = status->state;
  view.progress = status->progress;
  view.before = static_cast<std::int64_t>(status->before);
  view.width = found->size.width;
  view.height = found->size.height;
  view.service = "/iiif/image/3/" + found->file.sha256;
  const bool under_way =
      status->state == PyramidState::waiting || status->state == PyramidState::working;
  co_return uncached(Response::of(view, under_way ? 202 : 200));
}

}  // namespace

http::Response for_all_origins(http::Response response) {
  response.headers.set("Access-Control-Allow-Origin", "*");
  return response;
}

http::Response linked_data(const http::Request& request, const json::value& document,
                           std::string_view profile) {
  auto response = Response::json(document);
  constexpr std::string_view kLinked = "application/ld+json";
  if (request.headers.joined("Accept").find(kLinked) != std::string::npos)
    response.headers.set("Content-Type", fmt::format("{};profile=\"{}\"", kLinked, profile));
  response.headers.set("Vary", "Accept");
  return for_all_origins(std::move(response));
}

std::string image_service_address(const std::string& origin, const std::string& sha256) {
  return origin + "/iiif/image/3/" + sha256;
}

void add_iiif_image_routes(http::Router& router, Services& services) {
  using http::Method;
  const auto routes = std::make_shared<ImageRoutes>(services);
  auto described = operation("getImageBase", "iiif", "To the description of an image");
  described.answers[303] = {"To info.json", "", {}};
  router.add(Method::get, "/iiif/image/3/{id}", std::move(described),
             [routes](Request& request) { return get_base(*routes, request); });
  described = operation("getImageInfo", "iiif", "An image, as the IIIF Image API 3.0 has it");
  described.answers[200] = {"ImageService3", "application/json", {}};
  described.answers[422] = {"It is no picture that is shown: why", "application/problem+json", {}};
  router.add(Method::get, "/iiif/image/3/{id}/info.json", std::move(described),
             [routes](Request& request) { return get_info(*routes, request); });
  described = operation("getImage", "iiif", "A piece of an image: IIIF Image API 3.0, level 2");
  described.answers[200] = {"The picture", "image/jpeg", {}};
  described.answers[501] = {"Larger than it is (^) is not made", "application/problem+json", {}};
  described.answers[503] = {"Being prepared: ask again", "application/problem+json", {}};
  router.add(Method::get, "/iiif/image/3/{id}/{region}/{size}/{rotation}/{file}",
             std::move(described),
             [routes](Request& request) { return get_image(*routes, request); });
  described = operation("getPicture", "commons",
                        "Whether a picture can be looked into, or how far "
                        "its preparation is");
  answers<PictureView>(described);
  answers<PictureView>(described, 202, "It is being prepared: ask again");
  router.add(Method::get, "/api/v1/files/{id}/picture", std::move(described),
             [routes](Request& request) { return get_progress(*routes, request); });
}

}  // namespace oriel::api

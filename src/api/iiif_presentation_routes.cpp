// The IIIF Presentation API 3.0: a Work with pictures, films or sounds is a Manifest, one with
// parts a Collection.
#include "api/file_dimensions.h"
#include "api/iiif_presentation.h"
#include "api/linked_data.h"
#include "api/provenance.h"
#include "api/services.h"
#include "api/viewer.h"
#include "api/work_gate.h"
#include "base/log.h"
#include "commons/credits.h"
#include "commons/work_chain.h"
#include "http/problem.h"

namespace oriel::api {
namespace {

using commons::FileRole;
using commons::Relation;
using commons::Work;
using commons::WorkId;
using http::Awaitable;
using http::Request;
using http::Response;

constexpr std::size_t kPartsMax = 1'000;
constexpr std::int64_t kHoldersMax = 50;

struct FoundWork {
  Work work;
  bool is_public = false;
};

// Errors: not_found (also: its files are withheld, and nothing of it can be shown).
Result<FoundWork> find_work(const Services& services, const Request& request) {
  const std::string id(request.parameter("id"));
  if (!parse_slug(id)) return fail(ErrorKind::not_found, "there is no such Work");
  FoundWork found;
  ORIEL_TRY_ASSIGN(found.work, services.commons.catalogue.load_work(WorkId(id)));
  if (sight_of(found.work, identity_of(request)) != WorkSight::full)
    return fail(ErrorKind::not_found, "there is no such Work");
  ORIEL_TRY_ASSIGN(const bool withheld, is_withheld(services, found.work, identity_of(request)));
  if (withheld) return fail(ErrorKind::not_found, "what this Work shows is withheld");
  const access::Identity visitor;
  ORIEL_TRY_ASSIGN(const bool hidden, is_withheld(services, found.work, visitor));
  found.is_public = !hidden && sight_of(found.work, visitor) == WorkSight::full;
  return found;
}

// With its dimensions, from a worker where they are not known yet. One that cannot be read is left
// out: the rest is shown.
Result<std::optional<PresentedFile>> present(Services& services, const commons::HeldFile& held) {
  auto& shelf = services.commons.shelf;
  auto loaded = shelf.load(held.sha256);
  if (!loaded && loaded.error().kind == ErrorKind::not_found) return std::nullopt;
  if (!loaded) return fail(std::move(loaded).error());
  PresentedFile file{held, *loaded};
  if (auto found = with_dimensions(shelf, services.images, *loaded))
    file.file = std::move(*found);
  else
    log::info("dimensions of {}: {}", held.sha256, found.error().message);
  return file;
}

Result<void> add_files(Services& services, Presented& presented) {
  std::vector<PresentedFile> previews;
  const auto& files = presented.work.files;
  const bool has_pages = std::any_of(files.begin(), files.end(),
                                     [](const auto& held) { return held.role == FileRole::page; });
  for (const auto& held : files) {
    ORIEL_TRY_ASSIGN(auto file, present(services, held));
    if (!file) continue;
    if (held.role == FileRole::caption && file->file.type == "text/vtt")
      presented.captions.push_back(*file);
    if (held.role == FileRole::original || held.role == FileRole::data)
      presented.taken.push_back(*file);
    if (!is_presented(file->file)) continue;
    if (held.role == FileRole::preview)
      previews.push_back(*file);
    else if (held.role == (has_pages ? FileRole::page : FileRole::original))
      presented.shown.push_back(*file);
  }
  if (presented.shown.empty()) presented.shown = std::move(previews);
  return {};
}

Result<void> add_people(const Services& services, Presented& presented) {
  const auto& catalogue = services.commons.catalogue;
  for (const auto& maker : presented.work.makers) {
    commons::LocalisedText name{{"und", maker.name}};
    if (!maker.party.empty()) {
      ORIEL_TRY_ASSIGN(const auto party, catalogue.load_party(commons::PartyId(maker.party)));
      name = party.name;
    }
    presented.makers.push_back(std::move(name));
  }
  for (const auto& steward : presented.work.stewards) {
    ORIEL_TRY_ASSIGN(const auto party, catalogue.load_party(commons::PartyId(steward)));
    presented.providers.push_back({party.id, party.name, party.homepage});
  }
  for (const std::string language : {"en", "zh"}) {
    ORIEL_TRY_ASSIGN(const auto chain, commons::load_chain(catalogue, WorkId(presented.work.id),
                                                           presented.origin, language));
    ORIEL_TRY_ASSIGN(const auto credits, commons::credits(chain, language));
    presented.credit[language] = commons::credit_line(credits.front(), language);
  }
  return {};
}

Result<void> add_holders(const Services& services, const Request& request, Presented& presented) {
  const auto& catalogue = services.commons.catalogue;
  ORIEL_TRY_ASSIGN(const auto holders,
                   catalogue.list_naming(Relation::part, presented.work.id, {"", kHoldersMax}));
  for (const auto& id : holders.items) {
    ORIEL_TRY_ASSIGN(const auto holder, catalogue.load_work(WorkId(id)));
    if (sight_of(holder, identity_of(request)) == WorkSight::full) presented.holders.push_back(id);
  }
  return {};
}

Result<Presented> presented_of(Services& services, const Request& request, const Work& work) {
  Presented presented{.origin = origin_of(services, request), .work = work};
  ORIEL_TRY(add_files(services, presented));
  ORIEL_TRY(add_people(services, presented));
  ORIEL_TRY(add_holders(services, request, presented));
  return presented;
}

// Whether it has a Manifest: by the types of its files alone.
Result<bool> has_manifest(const Services& services, const Work& work) {
  for (const auto& held : work.files) {
    const auto file = services.commons.shelf.load(held.sha256);
    if (!file && file.error().kind != ErrorKind::not_found) return fail(file.error());
    if (file && (image::Pictures::is_picture(file->type) || file->type.starts_with("video/") ||
                 file->type.starts_with("audio/")))
      return true;
  }
  return false;
}

Result<std::vector<PresentedPart>> parts_of(const Services& services, const Request& request,
                                            const Work& work) {
  std::vector<PresentedPart> parts;
  for (const auto& id : work.parts) {
    if (parts.size() == kPartsMax) break;
    ORIEL_TRY_ASSIGN(const auto part, services.commons.catalogue.load_work(WorkId(id)));
    if (sight_of(part, identity_of(request)) != WorkSight::full) continue;
    ORIEL_TRY_ASSIGN(const bool withheld, is_withheld(services, part, identity_of(request)));
    ORIEL_TRY_ASSIGN(const bool shown, has_manifest(services, part));
    if (withheld || (!shown && part.parts.empty())) continue;
    parts.push_back({part.id, part.title, !part.parts.empty()});
  }
  return parts;
}

Response answer(const Request& request, const json::object& document, bool is_public) {
  auto response = linked_data(request, document, kPresentationContext);
  response.headers.set("Cache-Control", is_public ? "public, max-age=60" : "no-store");
  return response;
}

Result<Response> manifest(Services& services, const Request& request) {
  ORIEL_TRY_ASSIGN(const auto found, find_work(services, request));
  ORIEL_TRY_ASSIGN(const auto presented, presented_of(services, request, found.work));
  if (presented.shown.empty())
    return fail(ErrorKind::not_found, "this Work holds no picture, film or sound to present");
  return answer(request, manifest_of(presented), found.is_public);
}

Result<Response> collection(Services& services, const Request& request) {
  ORIEL_TRY_ASSIGN(const auto found, find_work(services, request));
  if (found.work.parts.empty()) return fail(ErrorKind::not_found, "this Work holds no other Works");
  ORIEL_TRY_ASSIGN(const auto presented, presented_of(services, request, found.work));
  ORIEL_TRY_ASSIGN(const auto parts, parts_of(services, request, found.work));
  return answer(request, collection_of(presented, parts), found.is_public);
}

using Maker = Result<Response> (*)(Services&, const Request&);

// On the threads that may wait for a worker.
Awaitable<Response> present_work(Services& services, Request& request, Maker make) {
  auto made = co_await services.still_makers.run([&] { return make(services, request); });
  if (!made) co_return for_all_origins(http::problem(made.error()));
  co_return std::move(*made);
}

}  // namespace

void add_iiif_presentation_routes(http::Router& router, Services& services) {
  using http::Method;
  auto described = operation("getManifest", "iiif", "A Work as a IIIF Manifest (Presentation 3.0)");
  described.answers[200] = {"Manifest", "application/json", {}};
  router.add(Method::get, "/iiif/presentation/3/{id}/manifest", std::move(described),
             [&services](Request& request) { return present_work(services, request, manifest); });
  described = operation("getCollection", "iiif",
                        "A Work that holds others as a IIIF Collection (Presentation 3.0)");
  described.answers[200] = {"Collection", "application/json", {}};
  router.add(Method::get, "/iiif/presentation/3/{id}/collection", std::move(described),
             [&services](Request& request) { return present_work(services, request, collection); });
}

}  // namespace oriel::api

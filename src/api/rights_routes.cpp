// What one may do with a Work, whom it credits, and what stands against publishing it.
#include "api/provenance.h"
#include "api/rights.h"
#include "api/services.h"
#include "api/viewer.h"
#include "api/work_gate.h"
#include "commons/credits.h"
#include "commons/work_chain.h"
#include "http/problem.h"

namespace oriel::api {
namespace {

using commons::Chain;
using commons::WorkId;
using http::Awaitable;
using http::Request;
using http::Response;

struct Rights {
  std::string licence;     // as it is called in the language asked for; as given when unknown
  std::string licence_id;  // SPDX where it has one
  std::string licence_link;
  commons::LicenceWords words;
  bool may_share = false;
  bool may_adapt = false;
  bool may_sell = false;
  std::vector<ClashView> clashes;
  std::vector<std::string> fitting;  // licences it could be given
};
BOOST_DESCRIBE_STRUCT(Rights, (),
                      (licence, licence_id, licence_link, words, may_share, may_adapt, may_sell,
                       clashes, fitting))

std::string language_of(const Request& request) {
  return std::string(request.query.first("language").value_or("en"));
}

Result<std::vector<ClashView>> clashes_in(const Chain& chain) {
  std::vector<ClashView> views;
  ORIEL_TRY_ASSIGN(const auto clashes, commons::find_clashes(chain));
  for (const auto& clash : clashes)
    views.push_back(
        {chain[clash.work].id, chain[clash.source].id, clash.reason, clash.en, clash.zh});
  return views;
}

Result<Rights> rights_of(const Chain& chain, const std::string& language) {
  Rights rights;
  rights.licence = chain.front().licence;
  if (const auto licence = commons::find_licence(rights.licence)) {
    rights.licence = licence->name(language);
    rights.licence_id = licence->id;
    rights.licence_link = licence->link;
    rights.words = commons::plain_words(*licence, language);
  }
  ORIEL_TRY_ASSIGN(const auto whole, commons::whole_terms(chain));
  rights.may_share = whole.may_share;
  rights.may_adapt = whole.may_adapt;
  rights.may_sell = whole.may_sell;
  ORIEL_TRY_ASSIGN(rights.clashes, clashes_in(chain));
  ORIEL_TRY_ASSIGN(const auto fitting, commons::fitting_licences(chain));
  for (const auto& licence : fitting) rights.fitting.push_back(licence.uri);
  return rights;
}

Awaitable<Response> get_rights(Services& services, Request& request) {
  const auto language = language_of(request);
  auto rights = co_await services.offload.run([&]() -> Result<Rights> {
    ORIEL_TRY_ASSIGN(const auto chain, credited_chain(services, request, language));
    return rights_of(chain, language);
  });
  if (!rights) co_return http::problem(rights.error());
  co_return uncached(Response::of(*rights));
}

std::string_view type_of(commons::CreditsFormat format) {
  switch (format) {
    case commons::CreditsFormat::markdown:
      return "text/markdown; charset=utf-8";
    case commons::CreditsFormat::html:
      return "text/html; charset=utf-8";
    case commons::CreditsFormat::json:
      return "application/json";
    case commons::CreditsFormat::csv:
      return "text/csv; charset=utf-8";
  }
  return "text/plain; charset=utf-8";
}

Awaitable<Response> get_credits(Services& services, Request& request) {
  const auto format = from_json<commons::CreditsFormat>(
      json::value(request.query.first("format").value_or("json")), "format");
  if (!format) co_return http::problem(format.error());
  const auto language = language_of(request);
  auto text = co_await services.offload.run([&]() -> Result<std::string> {
    ORIEL_TRY_ASSIGN(const auto chain, credited_chain(services, request, language));
    ORIEL_TRY_ASSIGN(const auto list, commons::credits(chain, language));
    return commons::format_credits(list, *format, language);
  });
  if (!text) co_return http::problem(text.error());
  co_return uncached(Response::text(std::move(*text), type_of(*format)));
}

struct LicenceView {
  std::string uri;
  std::string id;
  commons::LocalisedText name;
  commons::LicenceClass licence_class = commons::LicenceClass::unknown;
};
BOOST_DESCRIBE_STRUCT(LicenceView, (), (uri, id, name, licence_class))

Awaitable<Response> list_licences(Services&, Request&) {
  ListOf<LicenceView> list;
  for (const auto& licence : commons::common_licences())
    list.items.push_back({licence.uri,
                          licence.id,
                          {{"en", licence.name_en}, {"zh", licence.name_zh}},
                          licence.licence_class});
  co_return Response::of(list);
}

}  // namespace

Result<commons::Chain> credited_chain(const Services& services, const Request& request,
                                      const std::string& language) {
  auto id = parse_slug(request.parameter("id"));
  if (!id) return fail(ErrorKind::not_found, "there is no such Work");
  const auto& catalogue = services.commons.catalogue;
  const auto sees = [&](const std::string& work_id) -> Result<bool> {
    ORIEL_TRY_ASSIGN(const auto work, catalogue.load_work(WorkId(work_id)));
    return sight_of(work, identity_of(request)) == WorkSight::full;
  };
  ORIEL_TRY_ASSIGN(const bool seen, sees(*id));
  if (!seen) return fail(ErrorKind::not_found, "there is no such Work");
  ORIEL_TRY_ASSIGN(auto chain, commons::load_chain(catalogue, WorkId(*id),
                                                   origin_of(services, request), language));
  for (auto& place : chain) {
    ORIEL_TRY_ASSIGN(const bool known, sees(place.id));
    if (known) continue;
    place.address.clear();
    place.id.clear();
  }
  return chain;
}

Result<std::vector<ClashView>> clashes_of(const Services& services, const Request& request,
                                          const WorkId& id) {
  ORIEL_TRY_ASSIGN(const auto chain, commons::load_chain(services.commons.catalogue, id,
                                                         origin_of(services, request), "en"));
  return clashes_in(chain);
}

void add_rights_routes(http::Router& router, Services& services) {
  using http::Method;
  const http::Parameter language{.name = "language", .description = "en when absent; or zh"};
  auto described = operation("getRights", "commons",
                             "What one may do with a Work, and what clashes with its licence");
  described.parameters = {language};
  answers<Rights>(described);
  router.add(Method::get, "/api/v1/works/{id}/rights", std::move(described),
             [&services](Request& request) { return get_rights(services, request); });
  described = operation("getCredits", "commons", "Whom a Work credits, along all it came from");
  described.parameters = {language,
                          {.name = "format", .description = "json, markdown, html or csv"}};
  described.answers[200] = {"The credits", "application/json", json::object{}};
  router.add(Method::get, "/api/v1/works/{id}/credits", std::move(described),
             [&services](Request& request) { return get_credits(services, request); });
  described = operation("listLicences", "commons", "The licences to choose from first");
  answers<ListOf<LicenceView>>(described);
  router.add(Method::get, "/api/v1/licences", std::move(described),
             [&services](Request& request) { return list_licences(services, request); });
}

}  // namespace oriel::api

// Parties and terms.
#include "api/services.h"
#include "api/viewer.h"
#include "commons/defaults.h"
#include "http/conditional.h"
#include "http/problem.h"

namespace oriel::api {
namespace {

using commons::Party;
using commons::PartyContent;
using commons::PartyId;
using commons::Term;
using http::Awaitable;
using http::Request;
using http::Response;

constexpr std::int64_t kPageMax = 1'000;

Result<commons::PageRequest> page_of(const Request& request) {
  ORIEL_TRY_ASSIGN(const auto count, number_parameter(request, "count", 1, kPageMax));
  return commons::PageRequest{std::string(request.query.first("cursor").value_or("")),
                              count.value_or(kPageMax)};
}

Result<PartyId> id_of(const Request& request) {
  auto id = parse_slug(request.parameter("id"));
  if (!id) return fail(ErrorKind::not_found, "there is no such party");
  return PartyId(std::move(*id));
}

template <class T>
Response list_of(Result<commons::Page<T>> page) {
  if (!page) return http::problem(page.error());
  return uncached(Response::of(ListOf<T>{std::move(page->items), std::move(page->next)}));
}

Response answer_of(const Party& party, int status = 200) {
  auto response = uncached(Response::of(party, status));
  response.headers.set("ETag", "\"" + std::to_string(party.version) + "\"");
  return response;
}

Awaitable<Response> list_parties(Services& services, Request& request) {
  const auto page = page_of(request);
  if (!page) co_return http::problem(page.error());
  co_return list_of(co_await services.offload.run(
      [&] { return services.commons.catalogue.list_parties(*page); }));
}

Awaitable<Response> get_party(Services& services, Request& request) {
  const auto id = id_of(request);
  if (!id) co_return http::problem(id.error());
  auto party =
      co_await services.offload.run([&] { return services.commons.catalogue.load_party(*id); });
  if (!party) co_return http::problem(party.error());
  co_return answer_of(*party);
}

Result<PartyContent> content_of(const Request& request) {
  ORIEL_TRY_ASSIGN(auto body, http::parse_json_body(request));
  return commons::from_partial_json<PartyContent>(std::move(body));
}

Awaitable<Response> add_party(Services& services, Request& request) {
  const auto content = content_of(request);
  if (!content) co_return http::problem(content.error());
  auto party =
      co_await services.offload.run([&] { return services.commons.catalogue.add_party(*content); });
  if (!party) co_return http::problem(party.error());
  auto response = answer_of(*party, 201);
  response.headers.set("Location", "/api/v1/parties/" + party->id);
  co_return response;
}

Awaitable<Response> change_party(Services& services, Request& request) {
  const auto content = content_of(request);
  if (!content) co_return http::problem(content.error());
  const auto id = id_of(request);
  if (!id) co_return http::problem(id.error());
  auto now =
      co_await services.offload.run([&] { return services.commons.catalogue.load_party(*id); });
  if (!now) co_return http::problem(now.error());
  const auto match = request.header("If-Match");
  if (!match) co_return http::problem(428, "say in If-Match which version you have: its ETag");
  if (!http::etag_matches_strong(*match, "\"" + std::to_string(now->version) + "\""))
    co_return http::problem(412, "the party was changed meanwhile");
  auto changed = co_await services.offload.run(
      [&] { return services.commons.catalogue.change_party(*id, now->version, *content); });
  if (!changed) co_return http::problem(changed.error());
  co_return answer_of(*changed);
}

Awaitable<Response> remove_party(Services& services, Request& request) {
  const auto id = id_of(request);
  if (!id) co_return http::problem(id.error());
  auto gone =
      co_await services.offload.run([&] { return services.commons.catalogue.remove_party(*id); });
  if (!gone) co_return http::problem(gone.error());
  co_return Response::empty();
}

Awaitable<Response> list_terms(Services& services, Request& request) {
  const auto page = page_of(request);
  if (!page) co_return http::problem(page.error());
  std::optional<commons::TermScheme> scheme;
  if (const auto text = request.query.first("scheme")) {
    const auto given = from_json<commons::TermScheme>(json::value(*text), "scheme");
    if (!given) co_return http::problem(given.error());
    scheme = *given;
  }
  co_return list_of(co_await services.offload.run(
      [&] { return services.commons.catalogue.list_terms(scheme, *page); }));
}

Awaitable<Response> put_term(Services& services, Request& request) {
  auto body = http::parse_json_body(request);
  if (!body) co_return http::problem(body.error());
  const auto term = commons::from_partial_json<Term>(std::move(*body));
  if (!term) co_return http::problem(term.error());
  auto put =
      co_await services.offload.run([&] { return services.commons.catalogue.put_term(*term); });
  if (!put) co_return http::problem(put.error());
  co_return uncached(Response::of(*term));
}

http::Operation paged(http::Operation described) {
  described.parameters.push_back({.name = "cursor", .description = "`next` of the page before"});
  described.parameters.push_back(number_query("count", "1 to 1000; all of them when absent"));
  return described;
}

json::value party_form() {
  auto schema = json_schema<PartyContent>();
  schema.get_object()["required"] = json::array{"kind", "name"};
  return schema;
}

}  // namespace

void add_party_routes(http::Router& router, Services& services) {
  using http::Method;
  const auto add = [&](Method method, std::string_view pattern, http::Operation described,
                       auto function) {
    router.add(method, pattern, std::move(described),
               [&services, function](Request& request) { return function(services, request); });
  };
  auto described = paged(operation("listParties", "commons", "Who holds, makes and gives"));
  answers<ListOf<Party>>(described);
  add(Method::get, "/api/v1/parties", std::move(described), list_parties);
  described = operation("addParty", "commons", "A new party", "make_works");
  described.request_schema = party_form();
  answers<Party>(described, 201);
  add(Method::post, "/api/v1/parties", std::move(described), add_party);
  described = operation("getParty", "commons", "One party");
  answers<Party>(described);
  add(Method::get, "/api/v1/parties/{id}", std::move(described), get_party);
  described = operation("changeParty", "commons", "Write a party anew", "make_works");
  described.request_schema = party_form();
  described.parameters.push_back({.name = "If-Match",
                                  .in = "header",
                                  .required = true,
                                  .description = "The ETag of the version that is changed"});
  answers<Party>(described);
  add(Method::put, "/api/v1/parties/{id}", std::move(described), change_party);
  described =
      operation("removeParty", "commons", "Remove a party that nothing names", "make_works");
  described.answers[204] = {"Done", "", {}};
  add(Method::delete_, "/api/v1/parties/{id}", std::move(described), remove_party);
  described = paged(operation("listTerms", "commons", "The words that Works are found by"));
  described.parameters.push_back(
      {.name = "scheme", .description = "licence, sdg, subject, level, taxon or place"});
  answers<ListOf<Term>>(described);
  add(Method::get, "/api/v1/terms", std::move(described), list_terms);
  described = operation("putTerm", "commons", "A new term, or another label for one", "make_works");
  described.request_schema = json_schema<Term>();
  answers<Term>(described);
  add(Method::put, "/api/v1/terms", std::move(described), put_term);
}

}  // namespace oriel::api

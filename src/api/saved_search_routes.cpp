// The searches that an account asks again.
#include "api/provenance.h"
#include "api/services.h"
#include "api/viewer.h"
#include "api/work_search.h"
#include "commons/saved_searches.h"
#include "http/problem.h"

namespace oriel::api {
namespace {

using http::Awaitable;
using http::Request;
using http::Response;

struct SavedSearchForm {
  std::string name;
  std::string query;
};
BOOST_DESCRIBE_STRUCT(SavedSearchForm, (), (name, query))

struct SavedSearchView : commons::SavedSearch {
  std::string page;  // the search for people
  std::string atom;
  std::string json_feed;
};
BOOST_DESCRIBE_STRUCT(SavedSearchView, (commons::SavedSearch), (page, atom, json_feed))

SavedSearchView view_of(const Services& services, const Request& request,
                        const commons::SavedSearch& search) {
  const auto origin = origin_of(services, request);
  const auto query = search.query.empty() ? "" : "?" + search.query;
  return {search, origin + "/commons" + query, origin + "/api/v1/works.atom" + query,
          origin + "/api/v1/works.feed.json" + query};
}

Awaitable<Response> list_searches(Services& services, Request& request) {
  const UserId account = *identity_of(request).account;
  auto list =
      co_await services.offload.run([&] { return services.commons.saved_searches.list(account); });
  if (!list) co_return http::problem(list.error());
  ListOf<SavedSearchView> views;
  for (const auto& search : *list) views.items.push_back(view_of(services, request, search));
  co_return uncached(Response::of(views));
}

Awaitable<Response> add_search(Services& services, Request& request) {
  const auto form = http::body_as<SavedSearchForm>(request);
  if (!form) co_return http::problem(form.error());
  if (auto checked = check_search(form->query); !checked) co_return http::problem(checked.error());
  const UserId account = *identity_of(request).account;
  auto added = co_await services.offload.run(
      [&] { return services.commons.saved_searches.add(account, form->name, form->query); });
  if (!added) co_return http::problem(added.error());
  co_return uncached(Response::of(view_of(services, request, *added), 201));
}

Awaitable<Response> remove_search(Services& services, Request& request) {
  const UserId account = *identity_of(request).account;
  const std::string id(request.parameter("id"));
  auto gone = co_await services.offload.run(
      [&] { return services.commons.saved_searches.remove(account, id); });
  if (!gone) co_return http::problem(gone.error());
  co_return Response::empty();
}

}  // namespace

void add_saved_search_routes(http::Router& router, Services& services) {
  using http::Method;
  const auto add = [&](Method method, std::string_view pattern, http::Operation described,
                       auto function) {
    router.add(method, pattern, std::move(described),
               [&services, function](Request& request) { return function(services, request); });
  };
  auto described = operation("listSavedSearches", "commons", "One's own saved searches", "account");
  answers<ListOf<SavedSearchView>>(described);
  add(Method::get, "/api/v1/saved-searches", std::move(described), list_searches);

  described = operation("addSavedSearch", "commons", "Save a search of Works", "account");
  described.request_schema = json_schema<SavedSearchForm>();
  answers<SavedSearchView>(described, 201);
  add(Method::post, "/api/v1/saved-searches", std::move(described), add_search);

  described = operation("removeSavedSearch", "commons", "Forget a saved search", "account");
  described.answers[204] = {"Done", "", {}};
  add(Method::delete_, "/api/v1/saved-searches/{id}", std::move(described), remove_search);
}

}  // namespace oriel::api

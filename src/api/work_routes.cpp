// Works: lists, one, its history, and who may change it to what.
#include "api/rights.h"
#include "api/services.h"
#include "api/viewer.h"
#include "api/work_gate.h"
#include "api/work_search.h"
#include "api/work_view.h"
#include "commons/defaults.h"
#include "http/conditional.h"
#include "http/problem.h"

namespace oriel::api {
namespace {

using access::Capability;
using commons::Work;
using commons::WorkContent;
using commons::WorkId;
using commons::WorkState;
using http::Awaitable;
using http::Request;
using http::Response;

constexpr std::int64_t kPageMax = 100;
constexpr std::size_t kWorkBytesMax = 1u << 20;

struct StateForm {
  WorkState state = WorkState::draft;
  std::string note;
  bool even_private = false;  // published although it shows a feed that the public does not see
};
BOOST_DESCRIBE_STRUCT(StateForm, (), (state, note, even_private))

struct WorkPlaceInTree {
  std::string id;
  commons::WorkKind kind = commons::WorkKind::image;
  commons::LocalisedText title;
  std::string address;
};
BOOST_DESCRIBE_STRUCT(WorkPlaceInTree, (), (id, kind, title, address))

Result<WorkId> id_of(const Request& request) {
  auto id = parse_slug(request.parameter("id"));
  if (!id) return fail(ErrorKind::not_found, "there is no such Work");
  return WorkId(std::move(*id));
}

std::string etag_of(const Work& work) { return "\"" + std::to_string(work.version) + "\""; }

Response gone(const Work& work) {
  const bool deleted = work.state == WorkState::deleted;
  return problem_with(410, deleted ? "this Work was deleted" : "this Work was withdrawn", "work",
                      to_json(tombstone_of(work)));
}

Result<commons::PageRequest> page_of(const Request& request) {
  ORIEL_TRY_ASSIGN(const auto count, number_parameter(request, "count", 1, kPageMax));
  return commons::PageRequest{std::string(request.query.first("cursor").value_or("")),
                              count.value_or(kPageMax / 2)};
}

Result<json::value> views_of(const Services& services, const Request& request,
                             const commons::Page<Work>& page) {
  json::array items;
  for (const auto& work : page.items) {
    if (sight_of(work, identity_of(request)) != WorkSight::full) continue;
    ORIEL_TRY_ASSIGN(auto view, view_of(services, request, work));
    items.push_back(std::move(view));
  }
  return json::object{{"items", std::move(items)}, {"next", to_json(page.next)}};
}

// The state asked for; visitors are shown what is published, whatever they ask.
Result<std::optional<WorkState>> state_of(const Request& request) {
  if (!access::may(identity_of(request), Capability::contribute_works))
    return std::optional(WorkState::published);
  const auto text = request.query.first("state");
  if (!text) return std::optional(WorkState::published);
  if (*text == "any") return std::optional<WorkState>();
  ORIEL_TRY_ASSIGN(const auto state, from_json<WorkState>(json::value(*text), "state"));
  if (state == WorkState::deleted) return fail(ErrorKind::invalid, "state: nothing is listed");
  return std::optional(state);
}

Awaitable<Response> list_works(Services& services, Request& request) {
  if (is_search(request)) {
    auto found = co_await services.offload.run([&] { return search_works(services, request); });
    if (!found) co_return http::problem(found.error());
    co_return uncached(Response::json(*found));
  }
  const auto page = page_of(request);
  if (!page) co_return http::problem(page.error());
  const auto state = state_of(request);
  if (!state) co_return http::problem(state.error());
  auto list = co_await services.offload.run([&]() -> Result<json::value> {
    ORIEL_TRY_ASSIGN(const auto works, services.commons.catalogue.list_works(*state, *page));
    return views_of(services, request, works);
  });
  if (!list) co_return http::problem(list.error());
  co_return uncached(Response::json(*list));
}

Response answer_of(const Work& work, const json::value& view, int status = 200) {
  auto response = uncached(Response::json(view, status));
  response.headers.set("ETag", etag_of(work));
  return response;
}

// What a route does with a Work that he may see all of.
struct FoundWork {
  Work work;
  json::value view;
};

Result<FoundWork> find(Services& services, const Request& request, const WorkId& id) {
  ORIEL_TRY_ASSIGN(auto work, services.commons.catalogue.load_work(id));
  const auto sight = sight_of(work, identity_of(request));
  if (sight == WorkSight::none) return fail(ErrorKind::not_found, "there is no such Work");
  FoundWork found{std::move(work), {}};
  if (sight == WorkSight::full) {
    ORIEL_TRY_ASSIGN(found.view, view_of(services, request, found.work));
  }
  return found;
}

Awaitable<Response> get_work(Services& services, Request& request) {
  const auto id = id_of(request);
  if (!id) co_return http::problem(id.error());
  auto found = co_await services.offload.run([&] { return find(services, request, *id); });
  if (!found) co_return http::problem(found.error());
  if (found->view.is_null()) co_return gone(found->work);
  co_return answer_of(found->work, found->view);
}

Awaitable<Response> add_work(Services& services, Request& request) {
  auto body = http::parse_json_body(request);
  if (!body) co_return http::problem(body.error());
  auto content = commons::from_partial_json<WorkContent>(std::move(*body));
  if (!content) co_return http::problem(content.error());
  auto added = co_await services.offload.run([&]() -> Result<FoundWork> {
    ORIEL_TRY(check_drafts(services, identity_of(request)));
    ORIEL_TRY(check_claims(services, identity_of(request), nullptr, *content));
    ORIEL_TRY_ASSIGN(const auto work, services.commons.catalogue.add_work(
                                          *content, {identity_of(request).name, ""}));
    return find(services, request, WorkId(work.id));
  });
  if (!added) co_return http::problem(added.error());
  auto response = answer_of(added->work, added->view, 201);
  response.headers.set("Location", "/api/v1/works/" + added->work.id);
  co_return response;
}

// His own draft of a Work that he sees, to change it: pages, parts and files are taken over, and
// the credits follow, since it comes from that Work.
Awaitable<Response> copy_work(Services& services, Request& request) {
  const auto id = id_of(request);
  if (!id) co_return http::problem(id.error());
  auto copied = co_await services.offload.run([&]() -> Result<FoundWork> {
    ORIEL_TRY_ASSIGN(const auto found, find(services, request, *id));
    if (found.view.is_null()) return fail(ErrorKind::not_found, "there is no such Work now");
    ORIEL_TRY(check_drafts(services, identity_of(request)));
    WorkContent content = found.work;
    content.derived_from = {found.work.id};
    content.stewards.clear();
    content.makers.clear();
    content.credit.clear();
    content.identifiers.clear();
    content.moment.reset();
    ORIEL_TRY(check_claims(services, identity_of(request), nullptr, content));
    ORIEL_TRY_ASSIGN(const auto work, services.commons.catalogue.add_work(
                                          content, {identity_of(request).name, "copied"}));
    return find(services, request, WorkId(work.id));
  });
  if (!copied) co_return http::problem(copied.error());
  auto response = answer_of(copied->work, copied->view, 201);
  response.headers.set("Location", "/api/v1/works/" + copied->work.id);
  co_return response;
}

// The Work that a change is for, as its If-Match says; what is wrong is answered here.
struct Change {
  std::optional<Response> refused;
  FoundWork found;
};

Awaitable<Change> begin_change(Services& services, Request& request) {
  Change change;
  const auto id = id_of(request);
  if (!id) {
    change.refused = http::problem(id.error());
    co_return change;
  }
  auto found = co_await services.offload.run([&] { return find(services, request, *id); });
  if (!found) {
    change.refused = http::problem(found.error());
    co_return change;
  }
  change.found = std::move(*found);
  const auto& work = change.found.work;
  const auto match = request.header("If-Match");
  if (change.found.view.is_null())
    change.refused = gone(work);
  else if (!may_change(work, identity_of(request)))
    change.refused =
        http::problem(Error{ErrorKind::denied, "only a curator may change this Work now"});
  else if (!match)
    change.refused =
        http::problem(428, "say in If-Match which version you have: the ETag that came with it");
  else if (!http::etag_matches_strong(*match, etag_of(work)))
    change.refused = problem_with(412,
                                  "the Work was changed meanwhile, by " + work.changed_by +
                                      ": merge yours with what stands there now",
                                  "now", change.found.view);
  co_return change;
}

// Between looking and changing another was faster: both are told what stands there now.
Awaitable<Response> finish_change(Services& services, Request& request, Result<Work> changed,
                                  const WorkId& id) {
  const bool late = !changed && changed.error().kind == ErrorKind::conflict;
  if (!changed && !late) co_return http::problem(changed.error());
  if (changed && changed->state == WorkState::deleted) co_return Response::empty();
  auto found = co_await services.offload.run([&] { return find(services, request, id); });
  if (!found) co_return http::problem(found.error());
  if (late) co_return problem_with(409, changed.error().message, "now", found->view);
  if (found->view.is_null()) co_return gone(found->work);
  co_return answer_of(found->work, found->view);
}

Awaitable<Response> change_work(Services& services, Request& request) {
  auto body = http::parse_json_body(request);
  if (!body) co_return http::problem(body.error());
  std::string note;
  if (body->is_object()) {
    if (const auto* given = body->get_object().if_contains("note"); given && given->is_string()) {
      note = given->get_string();
      body->get_object().erase("note");
    }
  }
  auto content = commons::from_partial_json<WorkContent>(std::move(*body));
  if (!content) co_return http::problem(content.error());
  auto change = co_await begin_change(services, request);
  if (change.refused) co_return std::move(*change.refused);
  const WorkId id(change.found.work.id);
  auto changed = co_await services.offload.run([&]() -> Result<Work> {
    ORIEL_TRY(check_versions(change.found.work, identity_of(request)));
    ORIEL_TRY(check_claims(services, identity_of(request), &change.found.work, *content));
    return services.commons.catalogue.change_work(id, change.found.work.version, *content,
                                                  {identity_of(request).name, note});
  });
  co_return co_await finish_change(services, request, std::move(changed), id);
}

// Who contributes hands in and takes away his own drafts; the rest is a curator's.
bool may_move(const Work& work, WorkState to, const access::Identity& identity) {
  if (access::may(identity, Capability::make_works)) return true;
  return may_change(work, identity) && (to == WorkState::in_review || to == WorkState::deleted);
}

Awaitable<Response> move_work(Services& services, Request& request) {
  auto form = http::parse_json_body(request);
  if (!form) co_return http::problem(form.error());
  const auto wanted = commons::from_partial_json<StateForm>(std::move(*form));
  if (!wanted) co_return http::problem(wanted.error());
  auto change = co_await begin_change(services, request);
  if (change.refused) co_return std::move(*change.refused);
  const auto& work = change.found.work;
  if (!may_move(work, wanted->state, identity_of(request)))
    co_return http::problem(Error{ErrorKind::denied, "only a curator may do this"});
  const WorkId id(work.id);
  if (wanted->state == WorkState::published) {
    const auto asked = co_await services.offload.run([&] { return ask_moments(services, work); });
    if (!asked) co_return http::problem(asked.error());
    if (!asked->private_feeds.empty() && !wanted->even_private)
      co_return problem_with(409,
                             "it shows what the public does not see in the window: say "
                             "even_private if it is to be published all the same",
                             "private_feeds", to_json(asked->private_feeds));
  }
  auto moved = co_await services.offload.run([&] {
    return services.commons.catalogue.move_work(id, work.version, wanted->state,
                                                {identity_of(request).name, wanted->note});
  });
  if (!moved && wanted->state == WorkState::published) {
    const auto clashes =
        co_await services.offload.run([&] { return clashes_of(services, request, id); });
    if (clashes && !clashes->empty())
      co_return problem_with(409, moved.error().message, "clashes", to_json(*clashes));
  }
  co_return co_await finish_change(services, request, std::move(moved), id);
}

Awaitable<Response> list_versions(Services& services, Request& request) {
  const auto id = id_of(request);
  if (!id) co_return http::problem(id.error());
  const auto page = page_of(request);
  if (!page) co_return http::problem(page.error());
  auto list = co_await services.offload.run([&]() -> Result<ListOf<commons::WorkVersion>> {
    ORIEL_TRY_ASSIGN(const auto work, services.commons.catalogue.load_work(*id));
    if (sight_of(work, identity_of(request)) != WorkSight::full)
      return fail(ErrorKind::not_found, "there is no such Work");
    ORIEL_TRY_ASSIGN(auto versions, services.commons.catalogue.list_versions(*id, *page));
    // What was never in public is its maker's and the curators'.
    if (!access::may(identity_of(request), Capability::make_works) &&
        work.made_by != identity_of(request).name)
      std::erase_if(versions.items,
                    [](const auto& version) { return version.state != WorkState::published; });
    return ListOf<commons::WorkVersion>{std::move(versions.items), std::move(versions.next)};
  });
  if (!list) co_return http::problem(list.error());
  co_return uncached(Response::of(*list));
}

// What holds it, or was made of it, as far as he may see that.
Awaitable<Response> list_naming(Services& services, Request& request, commons::Relation relation) {
  const auto id = id_of(request);
  if (!id) co_return http::problem(id.error());
  const auto page = page_of(request);
  if (!page) co_return http::problem(page.error());
  auto list = co_await services.offload.run([&]() -> Result<ListOf<WorkPlaceInTree>> {
    ORIEL_TRY(find(services, request, *id));
    ORIEL_TRY_ASSIGN(const auto ids,
                     services.commons.catalogue.list_naming(relation, id->str(), *page));
    ListOf<WorkPlaceInTree> seen{{}, ids.next};
    for (const auto& other : ids.items) {
      ORIEL_TRY_ASSIGN(const auto work, services.commons.catalogue.load_work(WorkId(other)));
      if (sight_of(work, identity_of(request)) == WorkSight::full)
        seen.items.push_back({work.id, work.kind, work.title, "/works/" + work.id});
    }
    return seen;
  });
  if (!list) co_return http::problem(list.error());
  co_return uncached(Response::of(*list));
}

Awaitable<Response> list_holders(Services& services, Request& request) {
  return list_naming(services, request, commons::Relation::part);
}

Awaitable<Response> list_derived(Services& services, Request& request) {
  return list_naming(services, request, commons::Relation::source);
}

http::Operation paged(http::Operation described) {
  described.parameters.push_back({.name = "cursor", .description = "`next` of the page before"});
  described.parameters.push_back(number_query("count", "1 to 100; 50 when absent"));
  return described;
}

http::Operation conditional(http::Operation described) {
  described.parameters.push_back({.name = "If-Match",
                                  .in = "header",
                                  .required = true,
                                  .description = "The ETag of the version that is changed"});
  described.answers[200] = {"As it is now", "application/json", work_schema()};
  described.answers[204] = {"Deleted", "", {}};
  described.answers[409] = {
      "Its state does not allow it; `now` is what stands there", "application/problem+json", {}};
  described.answers[410] = {"It was deleted", "application/problem+json", {}};
  described.answers[412] = {
      "It has another version by now; `now` is that one", "application/problem+json", {}};
  return described;
}

// What people write: nothing but the title must be there.
json::value content_schema() {
  auto schema = json_schema<WorkContent>();
  schema.get_object()["required"] = json::array{"kind", "title"};
  return schema;
}

}  // namespace

void add_work_routes(http::Router& router, Services& services) {
  using http::Method;
  const auto add = [&](Method method, std::string_view pattern, http::Operation described,
                       auto function) {
    router.add(method, pattern, std::move(described),
               [&services, function](Request& request) { return function(services, request); });
  };
  auto described = paged(operation("listWorks", "commons", "Works, the newest first"));
  described.parameters.push_back(
      {.name = "state", .description = "published when absent; draft, in_review, withdrawn, any"});
  for (auto& parameter : search_parameters()) described.parameters.push_back(std::move(parameter));
  described.answers[200] = {"Works", "application/json", work_list_schema()};
  add(Method::get, "/api/v1/works", std::move(described), list_works);

  described = operation("addWork", "commons", "A new Work, as a draft", "contribute_works");
  described.request_schema = content_schema();
  described.body_bytes_max = kWorkBytesMax;
  described.answers[201] = {"The draft", "application/json", work_schema()};
  add(Method::post, "/api/v1/works", std::move(described), add_work);

  described =
      operation("copyWork", "commons", "A draft of one's own that comes from a Work, to change it",
                "contribute_works");
  described.answers[201] = {"The draft", "application/json", work_schema()};
  add(Method::post, "/api/v1/works/{id}/copy", std::move(described), copy_work);

  described = operation("getWork", "commons", "One Work");
  described.answers[200] = {"The Work", "application/json", work_schema()};
  described.answers[410] = {
      "It was withdrawn or deleted; `work` is what it was", "application/problem+json", {}};
  add(Method::get, "/api/v1/works/{id}", std::move(described), get_work);

  described =
      conditional(operation("changeWork", "commons", "Write a Work anew", "contribute_works"));
  described.request_schema = content_schema();
  described.body_bytes_max = kWorkBytesMax;
  add(Method::put, "/api/v1/works/{id}", std::move(described), change_work);

  described = conditional(operation(
      "moveWork", "commons", "Hand in, publish, withdraw or delete a Work", "contribute_works"));
  described.request_schema = json_schema<StateForm>();
  add(Method::post, "/api/v1/works/{id}/state", std::move(described), move_work);

  described =
      paged(operation("listWorkVersions", "commons", "What a Work was before", "contribute_works"));
  answers<ListOf<commons::WorkVersion>>(described);
  add(Method::get, "/api/v1/works/{id}/versions", std::move(described), list_versions);

  described = paged(operation("listHolders", "commons", "Works that a Work is a part of"));
  answers<ListOf<WorkPlaceInTree>>(described);
  add(Method::get, "/api/v1/works/{id}/holders", std::move(described), list_holders);

  described = paged(operation("listDerived", "commons", "Works that were made of a Work"));
  answers<ListOf<WorkPlaceInTree>>(described);
  add(Method::get, "/api/v1/works/{id}/derived", std::move(described), list_derived);
}

}  // namespace oriel::api

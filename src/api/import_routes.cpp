// Imports of tables: looked at whole, then taken, and undone as a whole.
#include "api/services.h"
#include "api/viewer.h"
#include "commons/defaults.h"
#include "http/problem.h"

namespace oriel::api {
namespace {

using commons::ImportPlan;
using http::Awaitable;
using http::Request;
using http::Response;

Result<ImportPlan> plan_of(const Request& request) {
  ORIEL_TRY_ASSIGN(auto body, http::parse_json_body(request));
  return commons::from_partial_json<ImportPlan>(std::move(body));
}

Awaitable<Response> check_import(Services& services, Request& request) {
  const auto plan = plan_of(request);
  if (!plan) co_return http::problem(plan.error());
  auto report =
      co_await services.shelving.run([&] { return services.commons.importer.check(*plan); });
  if (!report) co_return http::problem(report.error());
  co_return uncached(Response::of(*report));
}

Awaitable<Response> run_import(Services& services, Request& request) {
  const auto plan = plan_of(request);
  if (!plan) co_return http::problem(plan.error());
  const auto& account = identity_of(request).name;
  auto import =
      co_await services.shelving.run([&] { return services.commons.importer.run(*plan, account); });
  if (!import) co_return http::problem(import.error());
  co_return uncached(Response::of(*import, 201));
}

Awaitable<Response> list_imports(Services& services, Request&) {
  auto list = co_await services.offload.run([&] { return services.commons.importer.list(); });
  if (!list) co_return http::problem(list.error());
  co_return uncached(Response::of(ListOf<commons::Import>{std::move(*list), {}}));
}

Awaitable<Response> undo_import(Services& services, Request& request) {
  const std::string id(request.parameter("id"));
  const auto& account = identity_of(request).name;
  auto undone =
      co_await services.shelving.run([&] { return services.commons.importer.undo(id, account); });
  if (!undone) co_return http::problem(undone.error());
  co_return uncached(Response::of(*undone));
}

json::value plan_schema() {
  auto schema = json_schema<ImportPlan>();
  schema.get_object()["required"] = json::array{"file", "columns"};
  return schema;
}

}  // namespace

void add_import_routes(http::Router& router, Services& services) {
  using http::Method;
  const auto add = [&](Method method, std::string_view pattern, http::Operation described,
                       auto function) {
    router.add(method, pattern, std::move(described),
               [&services, function](Request& request) { return function(services, request); });
  };
  auto described =
      operation("checkImport", "commons",
                "What would come of a table, row by row; nothing is written", "make_works");
  described.request_schema = plan_schema();
  answers<commons::ImportReport>(described);
  add(Method::post, "/api/v1/imports/check", std::move(described), check_import);
  described = operation("runImport", "commons", "Take a table without fault: drafts", "make_works");
  described.request_schema = plan_schema();
  answers<commons::Import>(described, 201);
  add(Method::post, "/api/v1/imports", std::move(described), run_import);
  described = operation("listImports", "commons", "The newest 200 imports", "make_works");
  answers<ListOf<commons::Import>>(described);
  add(Method::get, "/api/v1/imports", std::move(described), list_imports);
  described = operation("undoImport", "commons",
                        "Take away an import's drafts that nobody touched since", "make_works");
  answers<commons::Undone>(described);
  add(Method::delete_, "/api/v1/imports/{id}", std::move(described), undo_import);
}

}  // namespace oriel::api

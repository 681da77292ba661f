// What others copy and follow: OAI-PMH, feeds of searches, sitemaps.
#include "api/provenance.h"
#include "api/services.h"
#include "api/viewer.h"
#include "api/work_gate.h"
#include "api/work_search.h"
#include "api/work_view.h"
#include "exchange/feed.h"
#include "exchange/oai.h"
#include "exchange/sitemap.h"
#include "http/problem.h"

namespace oriel::api {
namespace {

using http::Awaitable;
using http::Request;
using http::Response;

constexpr std::string_view kXml = "text/xml; charset=utf-8";

// "window.example" of "https://window.example:8443"; empty for what is no name of the Internet's,
// as the schema of oai-identifier has it.
std::string domain_of(std::string_view origin) {
  const auto begin = origin.find("://");
  if (begin == std::string_view::npos) return "";
  auto host = origin.substr(begin + 3);
  host = host.substr(0, host.find(':'));
  bool label_begins = true;
  for (const char c : host) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool follows = letter || (c >= '0' && c <= '9') || c == '-';
    if (label_begins ? !letter : !follows && c != '.') return "";
    label_begins = c == '.';
  }
  if (label_begins || host.find('.') == std::string_view::npos) return "";
  return std::string(host);
}

exchange::OaiNode node_of(const Services& services, const Request& request) {
  const auto origin = origin_of(services, request);
  exchange::OaiNode node;
  node.name = in_all_languages(services.window.name);
  node.base_url = origin + "/oai";
  node.works = origin + "/works/";
  node.files = origin + "/files/";
  node.domain = domain_of(origin);
  node.admin_email = services.window.contact;
  if (node.admin_email.empty())
    node.admin_email = "webmaster@" + (node.domain.empty() ? "localhost.localdomain" : node.domain);
  return node;
}

// Of the address and, where it is one, of the form.
exchange::OaiArguments arguments_of(const Request& request) {
  exchange::OaiArguments arguments = request.query.items();
  if (request.method != http::Method::post) return arguments;
  const auto form = http::Query::parse(request.body);
  if (form) arguments.insert(arguments.end(), form->items().begin(), form->items().end());
  return arguments;
}

Awaitable<Response> harvest(Services& services, const exchange::OaiProvider& provider,
                            Request& request) {
  auto answer = co_await services.offload.run([&] {
    const access::Identity visitor;
    const exchange::FilesShown shown = [&](const commons::Work& work) {
      const auto withheld = is_withheld(services, work, visitor);
      return withheld && !*withheld;
    };
    return provider.answer(node_of(services, request), arguments_of(request), shown);
  });
  if (!answer) co_return http::problem(answer.error());
  co_return uncached(Response::text(std::move(*answer), kXml));
}

// ---- feeds

exchange::FeedEntry entry_of(const commons::Work& work, const json::value& view,
                             const std::string& origin) {
  exchange::FeedEntry entry;
  entry.address = origin + "/works/" + work.id;
  entry.title = in_all_languages(work.title);
  entry.summary = std::string(commons::text_in(work.about, {}));
  entry.rights = work.licence;
  entry.published = work.published_at.value_or(work.changed_at);
  entry.updated = work.changed_at;
  entry.tags = {boost::describe::enum_to_string(work.kind, "")};
  for (const auto& file : view.at("files").as_array()) {
    const std::string url(file.at("url").as_string());
    if (url.empty()) continue;
    exchange::FeedFile held{origin + url, std::string(file.at("type").as_string()),
                            file.at("bytes").as_int64()};
    const bool preview = file.at("role").as_string() == "preview";
    if (held.type.starts_with("image/") && (preview || !entry.picture)) entry.picture = held;
    if (!preview) entry.files.push_back(std::move(held));
  }
  return entry;
}

Result<void> add_authors(const Services& services, const commons::Work& work,
                         exchange::FeedEntry& entry) {
  for (const auto& maker : work.makers) {
    if (maker.party.empty()) {
      entry.authors.push_back(maker.name);
      continue;
    }
    const auto party = services.commons.catalogue.load_party(commons::PartyId(maker.party));
    if (party)
      entry.authors.push_back(in_all_languages(party->name));
    else if (party.error().kind != ErrorKind::not_found)
      return fail(party.error());
  }
  return {};
}

// What was asked, without where in the list.
std::string question_of(const Request& request) {
  const auto mark = request.target.find('?');
  if (mark == std::string::npos) return "";
  std::string question;
  for (std::size_t at = mark + 1; at < request.target.size();) {
    const auto end = std::min(request.target.find('&', at), request.target.size());
    const auto item = request.target.substr(at, end - at);
    if (!item.starts_with("cursor=") && !item.empty())
      question += (question.empty() ? "?" : "&") + item;
    at = end + 1;
  }
  return question;
}

Result<exchange::Feed> feed_of(const Services& services, const Request& request,
                               std::string_view path) {
  ORIEL_TRY_ASSIGN(const auto found, find_works(services, request, commons::SearchSort::newest));
  const auto origin = origin_of(services, request);
  const auto question = question_of(request);
  exchange::Feed feed;
  feed.node = in_all_languages(services.window.name);
  feed.title = feed.node;
  if (const auto words = request.query.first("q"); words && !words->empty())
    feed.title += ": " + std::string(*words);
  feed.self = origin + std::string(path) + question;
  feed.page = origin + "/commons" + question;
  if (found.next) feed.next = feed.self + (question.empty() ? "?" : "&") + "cursor=" + *found.next;
  for (const auto& work : found.works) {
    ORIEL_TRY_ASSIGN(const auto view, view_of(services, request, work));
    auto entry = entry_of(work, view, origin);
    ORIEL_TRY(add_authors(services, work, entry));
    feed.updated = std::max(feed.updated, entry.updated);
    feed.entries.push_back(std::move(entry));
  }
  if (feed.entries.empty()) feed.updated = services.clock.now();
  return feed;
}

Awaitable<Response> get_atom(Services& services, Request& request) {
  auto feed = co_await services.offload.run(
      [&] { return feed_of(services, request, "/api/v1/works.atom"); });
  if (!feed) co_return http::problem(feed.error());
  co_return uncached(
      Response::text(exchange::format_atom(*feed), "application/atom+xml; charset=utf-8"));
}

Awaitable<Response> get_json_feed(Services& services, Request& request) {
  auto feed = co_await services.offload.run(
      [&] { return feed_of(services, request, "/api/v1/works.feed.json"); });
  if (!feed) co_return http::problem(feed.error());
  co_return uncached(
      Response::text(exchange::format_json_feed(*feed), "application/feed+json; charset=utf-8"));
}

// ---- sitemaps

Awaitable<Response> get_sitemap_index(Services& services, Request& request) {
  const auto origin = origin_of(services, request);
  auto ends = co_await services.offload.run(
      [&] { return services.commons.publications.list_ends(exchange::kSitemapAddresses); });
  if (!ends) co_return http::problem(ends.error());
  co_return Response::text(exchange::format_sitemap_index(origin, *ends), kXml);
}

Awaitable<Response> get_sitemap(Services& services, Request& request) {
  const auto origin = origin_of(services, request);
  const std::string after(request.parameter("after"));
  if (!parse_slug(after))
    co_return http::problem(Error{ErrorKind::not_found, "there is no such part"});
  const bool first = after == "0";
  auto works = co_await services.offload.run([&] {
    return services.commons.publications.list_addresses(first ? "" : after,
                                                        exchange::kSitemapAddresses);
  });
  if (!works) co_return http::problem(works.error());
  if (works->empty() && !first)
    co_return http::problem(Error{ErrorKind::not_found, "there is no such part"});
  co_return Response::text(exchange::format_sitemap(origin, first, *works), kXml);
}

Awaitable<Response> get_robots(Services& services, Request& request) {
  co_return Response::text(exchange::format_robots(origin_of(services, request)));
}

Awaitable<Response> get_lrmi_schema(Services&, Request&) {
  co_return Response::text(std::string(exchange::lrmi_schema()), kXml);
}

http::Operation giving(http::Operation described, std::string text, std::string type) {
  described.answers[200] = {std::move(text), std::move(type), {}};
  return described;
}

http::Operation feed_operation(std::string id, std::string summary, std::string type) {
  auto described =
      giving(operation(std::move(id), "commons", std::move(summary)), "The feed", std::move(type));
  described.parameters = search_parameters();
  described.parameters.push_back({.name = "cursor", .description = "As in `next` of the feed"});
  described.parameters.push_back(number_query("count", "1 to 100; 50 when absent"));
  return described;
}

http::Operation harvesting(std::string id) {
  auto described = giving(
      operation(std::move(id), "commons", "OAI-PMH 2.0: what was published, to be harvested"),
      "The document; errors of the protocol stand in it", "text/xml");
  for (const char* name :
       {"verb", "identifier", "metadataPrefix", "from", "until", "set", "resumptionToken"})
    described.parameters.push_back({.name = name, .description = "As OAI-PMH 2.0 has it"});
  return described;
}

}  // namespace

void add_exchange_routes(http::Router& router, Services& services) {
  using http::Method;
  const auto add = [&](Method method, std::string_view pattern, http::Operation described,
                       auto function) {
    router.add(method, pattern, std::move(described),
               [&services, function](Request& request) { return function(services, request); });
  };
  const auto provider =
      std::make_shared<const exchange::OaiProvider>(services.commons.publications, services.clock);
  const auto harvests = [&services, provider](Request& request) {
    return harvest(services, *provider, request);
  };
  router.add(Method::get, "/oai", harvesting("harvest"), harvests);
  auto by_form = harvesting("harvestByForm");
  by_form.parameters.clear();
  by_form.request_schema = json::object{{"type", "object"}};
  by_form.request_content_type = "application/x-www-form-urlencoded";
  router.add(Method::post, "/oai", std::move(by_form), harvests);
  add(Method::get, "/oai/lrmi.xsd",
      giving(operation("getLrmiSchema", "commons", "The schema of records in LRMI's words"),
             "The schema", "text/xml"),
      get_lrmi_schema);

  add(Method::get, "/api/v1/works.atom",
      feed_operation("getAtomFeed", "A search of Works as an Atom feed, the newest first",
                     "application/atom+xml"),
      get_atom);
  add(Method::get, "/api/v1/works.feed.json",
      feed_operation("getJsonFeed", "A search of Works as a JSON Feed, the newest first",
                     "application/feed+json"),
      get_json_feed);

  add(Method::get, "/sitemap.xml",
      giving(operation("getSitemapIndex", "pages", "The parts of the sitemap"), "The index",
             "text/xml"),
      get_sitemap_index);
  add(Method::get, "/sitemap/{after}.xml",
      giving(operation("getSitemap", "pages", "A part of the sitemap"), "The part", "text/xml"),
      get_sitemap);
  add(Method::get, "/robots.txt",
      giving(operation("getRobots", "pages", "What search engines may read"), "The rules",
             "text/plain"),
      get_robots);
}

}  // namespace oriel::api

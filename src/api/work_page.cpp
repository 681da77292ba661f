// The address of a Work that people cite: /works/{id}, a page in every state.
#include <fmt/format.h>

#include "api/page_text.h"
#include "api/provenance.h"
#include "api/services.h"
#include "api/viewer.h"
#include "api/work_gate.h"
#include "api/work_schema.h"
#include "api/work_view.h"
#include "commons/credits.h"
#include "commons/licence.h"
#include "commons/work_chain.h"
#include "http/problem.h"

namespace oriel::api {
namespace {

using commons::LocalisedText;
using commons::Relation;
using commons::Work;
using commons::WorkId;
using http::Awaitable;
using http::Request;
using http::Response;

// Of each kind of link; the rest is behind the API.
constexpr std::int64_t kLinksMax = 50;

struct WorkLink {
  std::string id;
  commons::WorkKind kind = commons::WorkKind::image;
  LocalisedText title;
  std::string address;
};
BOOST_DESCRIBE_STRUCT(WorkLink, (), (id, kind, title, address))

struct PageLicence {
  LocalisedText name;
  std::string link;
  std::map<std::string, commons::LicenceWords> words;
};
BOOST_DESCRIBE_STRUCT(PageLicence, (), (name, link, words))

struct PageMaker {
  LocalisedText name;
  std::string role;
};
BOOST_DESCRIBE_STRUCT(PageMaker, (), (name, role))

struct PageSteward {
  LocalisedText name;
  std::string homepage;
};
BOOST_DESCRIBE_STRUCT(PageSteward, (), (name, homepage))

// As WorkPage in web/src/api/types.ts.
struct WorkPage {
  json::value work;
  PageLicence licence;
  LocalisedText credit;
  std::string cite;
  std::vector<PageMaker> makers;
  std::vector<PageSteward> stewards;
  std::vector<commons::Term> terms;
  std::vector<WorkLink> parts;
  std::vector<WorkLink> sources;
  std::vector<WorkLink> derived;
  std::vector<WorkLink> holders;
};
BOOST_DESCRIBE_STRUCT(WorkPage, (),
                      (work, licence, credit, cite, makers, stewards, terms, parts, sources,
                       derived, holders))

PageLicence licence_of(const Work& work) {
  PageLicence page;
  const auto licence = commons::find_licence(work.licence);
  if (!licence) {
    if (!work.licence.empty()) page.name = {{"und", work.licence}};
    return page;
  }
  page.name = {{"en", licence->name_en}, {"zh", licence->name_zh}};
  page.link = licence->link;
  for (const auto* language : {"en", "zh"})
    page.words[language] = commons::plain_words(*licence, language);
  return page;
}

// Of those that he may see.
Result<std::vector<WorkLink>> links_to(const Services& services, const Request& request,
                                       const std::vector<std::string>& ids) {
  std::vector<WorkLink> links;
  for (const auto& id : ids) {
    if (links.size() == kLinksMax) break;
    ORIEL_TRY_ASSIGN(const auto work, services.commons.catalogue.load_work(WorkId(id)));
    if (sight_of(work, identity_of(request)) == WorkSight::full)
      links.push_back({work.id, work.kind, work.title, "/works/" + work.id});
  }
  return links;
}

Result<std::vector<WorkLink>> links_from(const Services& services, const Request& request,
                                         Relation relation, const Work& work) {
  ORIEL_TRY_ASSIGN(const auto page,
                   services.commons.catalogue.list_naming(relation, work.id, {"", kLinksMax}));
  return links_to(services, request, page.items);
}

Result<void> add_people(const Services& services, const Work& work, WorkPage& page) {
  const auto& catalogue = services.commons.catalogue;
  for (const auto& maker : work.makers) {
    PageMaker named{{{"und", maker.name}}, maker.role};
    if (!maker.party.empty()) {
      ORIEL_TRY_ASSIGN(const auto party, catalogue.load_party(commons::PartyId(maker.party)));
      named.name = party.name;
    }
    page.makers.push_back(std::move(named));
  }
  for (const auto& steward : work.stewards) {
    ORIEL_TRY_ASSIGN(const auto party, catalogue.load_party(commons::PartyId(steward)));
    page.stewards.push_back({party.name, party.homepage});
  }
  for (const auto& uri : work.terms) {
    ORIEL_TRY_ASSIGN(auto term, catalogue.load_term(uri));
    page.terms.push_back(std::move(term));
  }
  return {};
}

// Who, what, when, under which licence, where.
std::string citation_of(const commons::Credit& credit, const Work& work) {
  std::string cite;
  const auto add = [&](std::string_view words) {
    if (!words.empty()) cite += (cite.empty() ? "" : ". ") + std::string(words);
  };
  std::string makers;
  for (const auto& maker : credit.makers) makers += (makers.empty() ? "" : ", ") + maker;
  add(makers);
  add(in_all_languages(work.title));
  add(std::string_view(work.date).substr(0, 10));
  add(credit.licence);
  add(credit.address);
  return cite;
}

// By language: a line to put beside a copy; and one sentence to cite.
Result<void> add_credit(const Services& services, const Request& request, const Work& work,
                        WorkPage& page) {
  const auto origin = origin_of(services, request);
  for (const std::string language : {"en", "zh"}) {
    ORIEL_TRY_ASSIGN(const auto chain, commons::load_chain(services.commons.catalogue,
                                                           WorkId(work.id), origin, language));
    ORIEL_TRY_ASSIGN(const auto credits, commons::credits(chain, language));
    page.credit[language] = commons::credit_line(credits.front(), language);
    if (language == "en") page.cite = citation_of(credits.front(), work);
  }
  return {};
}

Result<WorkPage> page_of(const Services& services, const Request& request, const Work& work) {
  WorkPage page;
  ORIEL_TRY_ASSIGN(page.work, view_of(services, request, work));
  page.licence = licence_of(work);
  ORIEL_TRY(add_credit(services, request, work, page));
  ORIEL_TRY(add_people(services, work, page));
  ORIEL_TRY_ASSIGN(page.parts, links_to(services, request, work.parts));
  ORIEL_TRY_ASSIGN(page.sources, links_to(services, request, work.derived_from));
  ORIEL_TRY_ASSIGN(page.derived, links_from(services, request, Relation::source, work));
  ORIEL_TRY_ASSIGN(page.holders, links_from(services, request, Relation::part, work));
  return page;
}

// The first picture, for sites that show previews.
std::string picture_of(const WorkPage& page) {
  std::string found;
  for (const auto& file : page.work.at("files").as_array()) {
    const std::string_view type = file.at("type").as_string();
    const std::string_view url = file.at("url").as_string();
    if (!type.starts_with("image/") || url.empty()) continue;
    found = url;
    if (file.at("role").as_string() == "preview") break;
  }
  return found;
}

std::string head_of(const Work& work, const WorkPage& page, const json::value& schema) {
  const auto title = in_all_languages(work.title);
  const std::string address(page.work.at("address").as_string());
  const auto about = std::string(commons::text_in(work.about, {}));
  auto head = fmt::format("<title>{}</title>\n", escaped(title));
  head += meta_tag("name", "description", about.empty() ? page.cite : about);
  head += meta_tag("property", "og:title", title);
  head += meta_tag("property", "og:description", about.empty() ? page.cite : about);
  head += meta_tag("property", "og:type", "article");
  head += meta_tag("property", "og:url", address);
  if (const auto picture = picture_of(page); !picture.empty())
    head += meta_tag("property", "og:image", address.substr(0, address.find("/works/")) + picture);
  head += meta_tag("name", "DC.rights", work.licence);
  if (work.state == commons::WorkState::published)
    head += data_script("application/ld+json", "schema-org", schema);
  else
    head += meta_tag("name", "robots", "noindex");
  head += link_tag("canonical", address);
  if (!page.licence.link.empty()) head += link_tag("license", page.licence.link);
  return head;
}

std::string body_of(const Work& work, const WorkPage& page) {
  return fmt::format("<main><h1>{}</h1>\n<p>{}</p>\n<p>{}</p></main>\n",
                     escaped(in_all_languages(work.title)),
                     escaped(commons::text_in(work.about, {})), escaped(page.cite)) +
         data_script("application/json", "work", to_json(page));
}

// What stands at the address of a Work that is no more shown.
Response gone(const Work& work) {
  const auto title = escaped(in_all_languages(work.title));
  const bool deleted = work.state == commons::WorkState::deleted;
  auto body = fmt::format(
      "<main><h1>{}</h1>\n<p lang=\"en\">This Work was {}.</p>\n"
      "<p lang=\"zh\">该作品已{}。</p>\n<p>{}</p>\n"
      "<p><a href=\"/commons\">/commons</a></p></main>",
      title, deleted ? "deleted" : "withdrawn", deleted ? "删除" : "撤回", escaped(work.note));
  auto head = "<title>" + title + "</title>\n" + meta_tag("name", "robots", "noindex");
  return uncached(Response::text(filled_page("", head, body), "text/html; charset=utf-8", 410));
}

Awaitable<Response> work_page(Services& services, Request& request) {
  const std::string id(request.parameter("id"));
  // The text too: a Work may hold a megabyte of it.
  auto page = co_await services.offload.run([&]() -> Result<Response> {
    if (!parse_slug(id)) return fail(ErrorKind::not_found, "there is no such Work");
    ORIEL_TRY_ASSIGN(const auto work, services.commons.catalogue.load_work(WorkId(id)));
    const auto sight = sight_of(work, identity_of(request));
    if (sight == WorkSight::none) return fail(ErrorKind::not_found, "there is no such Work");
    if (sight == WorkSight::gone) return gone(work);
    ORIEL_TRY_ASSIGN(const auto shown, page_of(services, request, work));
    ORIEL_TRY_ASSIGN(const auto schema,
                     schema_of(services, request, work, shown.work, shown.credit.at("en")));
    return Response::text(
        filled_page(services.window.work_page, head_of(work, shown, schema), body_of(work, shown)),
        "text/html; charset=utf-8");
  });
  if (!page) co_return http::problem(page.error());
  co_return uncached(std::move(*page));
}

bool is_exhibit(const Work& work) {
  return work.kind == commons::WorkKind::exhibit ||
         work.kind == commons::WorkKind::travelling_exhibit;
}

// To whoever is in front of a screen in a hall, in the same two languages as the pages.
Response no_exhibit() {
  const auto head = "<title>Oriel</title>\n" + meta_tag("name", "robots", "noindex") +
                    meta_tag("name", "viewport", "width=device-width, initial-scale=1");
  return uncached(Response::text(
      filled_page("", head,
                  "<main><p lang=\"en\">There is no published exhibit at this address.</p>\n"
                  "<p lang=\"zh\">此地址没有已发布的展览。</p></main>"),
      "text/html; charset=utf-8", 404));
}

// The page asks for what it shows: it has to find it again without us.
Awaitable<Response> exhibit_page(Services& services, Request& request) {
  const std::string id(request.parameter("id"));
  auto page = co_await services.offload.run([&]() -> Result<Response> {
    if (!parse_slug(id)) return no_exhibit();
    const auto work = services.commons.catalogue.load_work(WorkId(id));
    if (!work && work.error().kind != ErrorKind::not_found) return fail(work.error());
    if (!work || !is_exhibit(*work) || work->state != commons::WorkState::published)
      return no_exhibit();
    const auto title = escaped(in_all_languages(work->title));
    return Response::text(filled_page(services.window.exhibit_page, "<title>" + title + "</title>",
                                      "<main><h1>" + title + "</h1></main>"),
                          "text/html; charset=utf-8");
  });
  if (!page) co_return http::problem(page.error());
  co_return uncached(std::move(*page));
}

}  // namespace

void add_work_page(http::Router& router, Services& services) {
  auto described = operation("getWorkPage", "pages", "The page of a Work, its address for good");
  described.answers[200] = {"The page", "text/html", {}};
  described.answers[410] = {"It was withdrawn or deleted: what it was", "text/html", {}};
  router.add(http::Method::get, "/works/{id}", std::move(described),
             [&services](Request& request) { return work_page(services, request); });
  described = operation("getExhibitPage", "pages", "A published exhibit for a screen in a hall");
  described.answers[200] = {"The page, which goes on without network", "text/html", {}};
  described.answers[404] = {"There is no published exhibit of this id", "text/html", {}};
  router.add(http::Method::get, "/exhibit/{id}", std::move(described),
             [&services](Request& request) { return exhibit_page(services, request); });
}

}  // namespace oriel::api

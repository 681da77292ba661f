#include "api/work_search.h"

#include <charconv>

#include "api/viewer.h"
#include "api/work_gate.h"
#include "api/work_view.h"
#include "commons/search_index.h"

namespace oriel::api {
namespace {

using commons::Facet;
using commons::LocalisedText;

constexpr std::int64_t kCountMax = 100;
constexpr std::int64_t kFacetValues = 12;

struct FacetView {
  std::string value;
  std::int64_t count = 0;
  LocalisedText label;  // empty: the value says it
};
BOOST_DESCRIBE_STRUCT(FacetView, (), (value, count, label))

template <class Visit>
void each_facet(const Visit& visit) {
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<Facet>>(
      [&](auto facet) { visit(facet.value, std::string_view(facet.name)); });
}

// The cursor of a search is how many came before.
Result<std::int64_t> offset_of(const http::Request& request) {
  const auto cursor = request.query.first("cursor").value_or("0");
  std::int64_t offset = 0;
  const auto* const end = cursor.data() + cursor.size();
  const auto parsed = std::from_chars(cursor.data(), end, offset);
  if (parsed.ec != std::errc() || parsed.ptr != end || offset < 0)
    return fail(ErrorKind::invalid, "cursor: is not `next` of a page of this search");
  return offset;
}

Result<commons::SearchRequest> request_of(const http::Request& request,
                                          commons::SearchSort otherwise) {
  commons::SearchRequest wanted;
  wanted.sort = otherwise;
  wanted.text = request.query.first("q").value_or("");
  wanted.language = request.query.first("language_of_question").value_or("en");
  wanted.typing = true;
  each_facet([&](Facet facet, std::string_view name) {
    if (const auto value = request.query.first(name); value && !value->empty())
      wanted.filters[facet] = {std::string(*value)};
  });
  if (const auto sort = request.query.first("sort")) {
    ORIEL_TRY_ASSIGN(wanted.sort, from_json<commons::SearchSort>(json::value(*sort), "sort"));
  }
  ORIEL_TRY_ASSIGN(const auto count, number_parameter(request, "count", 1, kCountMax));
  wanted.count = count.value_or(kCountMax / 2);
  ORIEL_TRY_ASSIGN(wanted.offset, offset_of(request));
  wanted.facet_values_max = kFacetValues;
  return wanted;
}

// What a value of a facet is called: a term or a party that went stays without.
Result<LocalisedText> label_of(const Services& services, Facet facet, const std::string& value) {
  const auto& catalogue = services.commons.catalogue;
  switch (facet) {
    case Facet::sdg:
    case Facet::subject:
    case Facet::level:
    case Facet::place:
    case Facet::taxon: {
      auto term = catalogue.load_term(value);
      if (!term && term.error().kind != ErrorKind::not_found) return fail(std::move(term).error());
      return term ? std::move(term->label) : LocalisedText();
    }
    case Facet::institution: {
      auto party = catalogue.load_party(commons::PartyId(value));
      if (!party && party.error().kind != ErrorKind::not_found)
        return fail(std::move(party).error());
      return party ? std::move(party->name) : LocalisedText();
    }
    case Facet::kind:
    case Facet::licence:
    case Facet::language:
    case Facet::age:
      break;
  }
  return LocalisedText();
}

Result<json::object> facets_of(const Services& services, const commons::SearchAnswer& answer) {
  json::object facets;
  for (const auto& [facet, counts] : answer.facets) {
    std::vector<FacetView> views;
    for (const auto& [value, count] : counts) {
      ORIEL_TRY_ASSIGN(auto label, label_of(services, facet, value));
      views.push_back({value, count, std::move(label)});
    }
    facets[boost::describe::enum_to_string(facet, "")] = to_json(views);
  }
  return facets;
}

}  // namespace

bool is_search(const http::Request& request) {
  bool asked = request.query.first("q").has_value() || request.query.first("sort").has_value();
  each_facet([&](Facet, std::string_view name) {
    asked = asked || request.query.first(name).has_value();
  });
  return asked;
}

Result<FoundWorks> find_works(const Services& services, const http::Request& request,
                              commons::SearchSort sort) {
  ORIEL_TRY_ASSIGN(const auto wanted, request_of(request, sort));
  const auto* const index = services.commons.index();
  if (index == nullptr)
    return fail(ErrorKind::unavailable, "the search index cannot be opened: see the log");
  FoundWorks found;
  ORIEL_TRY_ASSIGN(found.answer, index->search(wanted));
  const auto& answer = found.answer;
  for (const auto& id : answer.ids) {
    auto work = services.commons.catalogue.load_work(commons::WorkId(id));
    if (!work && work.error().kind == ErrorKind::not_found) continue;
    if (!work) return fail(std::move(work).error());
    // The index may be a moment behind: the catalogue decides.
    if (sight_of(*work, identity_of(request)) == WorkSight::full &&
        work->state == commons::WorkState::published)
      found.works.push_back(std::move(*work));
  }
  const auto until = wanted.offset + static_cast<std::int64_t>(answer.ids.size());
  if (!answer.ids.empty() && until < answer.total &&
      until + wanted.count <= commons::SearchRequest::kDepthMax)
    found.next = std::to_string(until);
  return found;
}

Result<json::value> search_works(const Services& services, const http::Request& request) {
  ORIEL_TRY_ASSIGN(const auto found, find_works(services, request, commons::SearchSort::relevance));
  json::array items;
  for (const auto& work : found.works) {
    ORIEL_TRY_ASSIGN(auto view, view_of(services, request, work));
    items.push_back(std::move(view));
  }
  ORIEL_TRY_ASSIGN(auto facets, facets_of(services, found.answer));
  return json::object{{"items", std::move(items)},
                      {"next", to_json(found.next)},
                      {"total", found.answer.total},
                      {"facets", std::move(facets)},
                      {"suggestion", found.answer.suggestion}};
}

Result<void> check_search(std::string_view query) {
  for (const char c : query)
    if (c <= ' ' || c > '~' || std::string_view("\"<>\\^`{|}#").find(c) != std::string_view::npos)
      return fail(ErrorKind::invalid, "query: is not as it stands in an address");
  ORIEL_TRY_ASSIGN(const auto parsed, http::Query::parse(query));
  for (const auto& item : parsed.items()) {
    bool known = item.first == "q" || item.first == "sort";
    each_facet([&](Facet, std::string_view name) { known = known || item.first == name; });
    if (!known) return fail(ErrorKind::invalid, "query: no search has " + item.first);
  }
  return {};
}

std::vector<http::Parameter> search_parameters() {
  std::vector<http::Parameter> parameters = {
      {.name = "q",
       .description = "Words, \"a phrase\", -without; with it, a facet or a sort the answer is a "
                      "search: `total`, `facets` and `suggestion` come too"},
      {.name = "sort", .description = "relevance when absent; newest, oldest, title"},
      {.name = "language_of_question", .description = "For the forms of words; en when absent"}};
  each_facet([&](Facet, std::string_view name) {
    parameters.push_back({.name = std::string(name),
                          .description = "Only what has this value, as `facets` gives them"});
  });
  return parameters;
}

}  // namespace oriel::api

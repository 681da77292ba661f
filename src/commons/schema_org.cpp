#include "commons/schema_org.h"

#include <fmt/format.h>

#include "commons/licence.h"

namespace oriel::commons {
namespace {

std::string_view type_of(WorkKind kind) {
  switch (kind) {
    case WorkKind::clip:
    case WorkKind::broadcast:
      return "VideoObject";
    case WorkKind::still:
    case WorkKind::image:
      return "ImageObject";
    case WorkKind::sound:
      return "AudioObject";
    case WorkKind::dataset:
      return "Dataset";
    case WorkKind::courseware:
    case WorkKind::lesson:
      return "LearningResource";
    case WorkKind::model:
      return "3DModel";
    case WorkKind::book:
    case WorkKind::holding:
      return "Book";
    case WorkKind::news:
      return "NewsArticle";
    case WorkKind::game:
      return "Game";
    case WorkKind::exhibit:
    case WorkKind::travelling_exhibit:
    case WorkKind::object:
    case WorkKind::talk:
    case WorkKind::live_window:
    case WorkKind::pack:
      break;
  }
  return "CreativeWork";
}

json::value text(const LocalisedText& text) {
  if (text.size() == 1) return json::value(text.begin()->second);
  json::array list;
  for (const auto& [language, value] : text)
    list.push_back(json::object{{"@language", language}, {"@value", value}});
  return list;
}

void put_list(json::object& into, std::string_view name, json::array list) {
  if (!list.empty()) into[name] = std::move(list);
}

json::array named(const std::vector<LocalisedText>& names, std::string_view type) {
  json::array list;
  for (const auto& name : names)
    list.push_back(json::object{{"@type", type}, {"name", text(name)}});
  return list;
}

json::array links(const std::string& works, const std::vector<std::string>& ids) {
  json::array list;
  for (const auto& id : ids) list.push_back(json::object{{"@id", works + id}});
  return list;
}

std::string_view role_of(TermScheme scheme) {
  return scheme == TermScheme::level ? "educationalLevel" : "about";
}

void put_terms(json::object& into, const std::vector<Term>& terms) {
  json::object lists;
  for (const auto& term : terms) {
    if (term.scheme == TermScheme::licence) continue;
    json::object entry{{"@type", "DefinedTerm"}, {"@id", term.uri}, {"name", text(term.label)}};
    if (!term.notation.empty()) entry["termCode"] = term.notation;
    auto& list = lists[role_of(term.scheme)];
    if (!list.is_array()) list = json::array();
    list.get_array().push_back(std::move(entry));
  }
  for (auto& [name, list] : lists) into[name] = std::move(list);
}

void put_files(json::object& into, const std::vector<SchemaOrgFile>& files) {
  json::array encodings;
  for (const auto& file : files) {
    if (file.role == FileRole::preview) {
      into["thumbnailUrl"] = file.url;
      continue;
    }
    encodings.push_back(json::object{{"@type", "MediaObject"},
                                     {"contentUrl", file.url},
                                     {"encodingFormat", file.type},
                                     {"contentSize", fmt::format("{} B", file.bytes)},
                                     {"name", file.name}});
  }
  if (!encodings.empty()) into["contentUrl"] = encodings.front().at("contentUrl");
  put_list(into, "encoding", std::move(encodings));
}

}  // namespace

json::value schema_org(const Work& work, const SchemaOrgContext& context) {
  json::object value{{"@context", "https://schema.org"},
                     {"@type", type_of(work.kind)},
                     {"@id", context.address},
                     {"url", context.address},
                     {"name", text(work.title)},
                     {"version", work.version},
                     {"dateModified", format_rfc3339(work.changed_at)}};
  if (!work.about.empty()) value["description"] = text(work.about);
  if (work.published_at) value["datePublished"] = format_rfc3339(*work.published_at);
  if (!work.date.empty()) value["dateCreated"] = work.date;
  if (const auto licence = find_licence(work.licence); licence && !licence->link.empty())
    value["license"] = licence->link;
  else if (!work.licence.empty())
    value["license"] = work.licence;
  if (!context.credit.empty()) value["creditText"] = context.credit;
  json::array languages;
  for (const auto& language : work.languages) languages.emplace_back(language);
  put_list(value, "inLanguage", std::move(languages));
  put_list(value, "creator", named(context.makers, "Person"));
  put_list(value, "publisher", named(context.publishers, "Organization"));
  put_list(value, "isBasedOn", links(context.works, work.derived_from));
  put_list(value, "hasPart", links(context.works, held_works(work)));
  if (work.audience)
    value["typicalAgeRange"] = fmt::format("{}-{}", work.audience->from, work.audience->to);
  if (work.place)
    value["contentLocation"] =
        json::object{{"@type", "Place"},
                     {"geo", json::object{{"@type", "GeoCoordinates"},
                                          {"latitude", work.place->latitude},
                                          {"longitude", work.place->longitude}}}};
  put_terms(value, context.terms);
  put_files(value, context.files);
  return value;
}

}  // namespace oriel::commons

#include "commons/schema_org.h"

#include <fmt/format.h>

#include "commons/licence.h"

namespace oriel::commons {
namespace {

constexpr std::string_view kGoals = "http://metadata.un.org/sdg/";

// Empty: none that says more than LearningResource.
std::string_view exact_type(WorkKind kind) {
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
      return "Course";
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
    case WorkKind::live_window:
      return "WebContent";
    case WorkKind::travelling_exhibit:
    case WorkKind::pack:
      return "Collection";
    case WorkKind::lesson:
    case WorkKind::object:
    case WorkKind::talk:
      break;
  }
  return "";
}

void put_list(json::object& into, std::string_view name, json::array list) {
  if (!list.empty()) into[name] = std::move(list);
}

json::object label_of(const LocalisedText& text) {
  json::object label;
  for (const auto& [language, value] : text) label[language] = value;
  return label;
}

// The text in `language`, or whichever there is.
std::string_view in_one(const LocalisedText& text, const std::string& language) {
  return text_in(text, {language});
}

json::array parties(const std::vector<SchemaOrgParty>& given, const std::string& language) {
  json::array list;
  for (const auto& party : given) {
    json::object entry{{"type", party.organisation ? "Organization" : "Person"},
                       {"name", in_one(party.name, language)}};
    if (!party.id.empty()) entry["id"] = party.id;
    list.push_back(std::move(entry));
  }
  return list;
}

std::string licence_link(const std::string& licence) {
  const auto known = find_licence(licence);
  return known && !known->link.empty() ? known->link : licence;
}

json::array links(const std::vector<SchemaOrgLink>& works, const std::string& language) {
  json::array list;
  for (const auto& work : works) {
    json::object entry{{"id", work.address}, {"name", in_one(work.name, language)}};
    put_list(entry, "creator", parties(work.makers, language));
    if (!work.licence.empty()) entry["license"] = json::object{{"id", licence_link(work.licence)}};
    list.push_back(std::move(entry));
  }
  return list;
}

void put_terms(json::object& into, const std::vector<Term>& terms) {
  json::array about, levels, alignments;
  for (const auto& term : terms) {
    if (term.scheme == TermScheme::licence) continue;
    json::object entry{{"type", "Concept"}, {"id", term.uri}, {"prefLabel", label_of(term.label)}};
    if (term.uri.starts_with(kGoals))
      alignments.push_back(json::object{{"type", "AlignmentObject"},
                                        {"alignmentType", "educationalSubject"},
                                        {"targetFramework", "SDG"},
                                        {"targetName", text_in(term.label, {})},
                                        {"targetUrl", term.uri}});
    (term.scheme == TermScheme::level ? levels : about).push_back(std::move(entry));
  }
  put_list(into, "about", std::move(about));
  put_list(into, "educationalLevel", std::move(levels));
  put_list(into, "educationalAlignment", std::move(alignments));
}

void put_files(json::object& into, const std::vector<SchemaOrgFile>& files) {
  json::array encodings, captions;
  for (const auto& file : files) {
    if (file.role == FileRole::preview) {
      into["thumbnailUrl"] = file.url;
      into["image"] = file.url;
    } else if (file.role == FileRole::caption) {
      json::object caption{
          {"type", "MediaObject"}, {"id", file.url}, {"encodingFormat", file.type}};
      if (!file.language.empty()) caption["inLanguage"] = file.language;
      captions.push_back(std::move(caption));
    } else {
      encodings.push_back(json::object{{"type", "MediaObject"},
                                       {"contentUrl", file.url},
                                       {"encodingFormat", file.type},
                                       {"contentSize", std::to_string(file.bytes)},
                                       {"sha256", file.sha256},
                                       {"name", file.name}});
    }
  }
  if (!encodings.empty()) into["contentUrl"] = encodings.front().at("contentUrl");
  put_list(into, "encoding", std::move(encodings));
  put_list(into, "caption", std::move(captions));
}

// By which sense it is taken in, and whether one needs another: as far as the kind says so.
void put_senses(json::object& into, const Work& work, const std::vector<SchemaOrgFile>& files) {
  const auto says = [&](std::initializer_list<const char*> modes) {
    json::array list;
    for (const char* mode : modes) list.emplace_back(mode);
    into["accessMode"] = std::move(list);
  };
  switch (work.kind) {
    case WorkKind::clip:
    case WorkKind::broadcast:
    case WorkKind::live_window:
      says({"visual", "auditory"});
      break;
    case WorkKind::still:
    case WorkKind::image:
    case WorkKind::model:
      says({"visual"});
      break;
    case WorkKind::sound:
      says({"auditory"});
      break;
    case WorkKind::book:
    case WorkKind::news:
      says({"textual"});
      break;
    default:
      break;
  }
  json::array features;
  for (const auto& file : files)
    if (file.role == FileRole::caption && features.empty()) features.emplace_back("captions");
  for (const auto& held : work.files)
    if (!held.about.empty()) {
      features.emplace_back("alternativeText");
      break;
    }
  put_list(into, "accessibilityFeature", std::move(features));
}

void put_rights(json::object& into, const Work& work, const SchemaOrgContext& context) {
  if (!work.licence.empty()) {
    const auto link = licence_link(work.licence);
    into["license"] = json::object{{"id", link}};
    into["acquireLicensePage"] = context.address;
  }
  if (!context.credit.empty()) into["creditText"] = context.credit;
  if (!work.credit.empty()) into["copyrightNotice"] = work.credit;
  into["isAccessibleForFree"] = true;
  into["conditionsOfAccess"] =
      json::object{{"id", "http://w3id.org/kim/conditionsOfAccess/no_login"}};
}

}  // namespace

std::vector<std::string_view> schema_types(WorkKind kind) {
  std::vector<std::string_view> types{"LearningResource"};
  if (const auto type = exact_type(kind); !type.empty()) types.push_back(type);
  return types;
}

const ResourceType& resource_type(WorkKind kind) {
  static constexpr ResourceType kVideo{"https://w3id.org/kim/hcrt/video", "Video"};
  static constexpr ResourceType kImage{"https://w3id.org/kim/hcrt/image", "Image"};
  static constexpr ResourceType kAudio{"https://w3id.org/kim/hcrt/audio", "Audio"};
  static constexpr ResourceType kPlain{"https://w3id.org/kim/hcrt/data", "Data"};
  static constexpr ResourceType kCourse{"https://w3id.org/kim/hcrt/course", "Course"};
  static constexpr ResourceType kPage{"https://w3id.org/kim/hcrt/web_page", "Web page"};
  static constexpr ResourceType kText{"https://w3id.org/kim/hcrt/text", "Text"};
  static constexpr ResourceType kGame{"https://w3id.org/kim/hcrt/educational_game",
                                      "Educational game"};
  static constexpr ResourceType kOther{"https://w3id.org/kim/hcrt/other", "Other"};
  switch (kind) {
    case WorkKind::clip:
    case WorkKind::broadcast:
    case WorkKind::live_window:
    case WorkKind::talk:
      return kVideo;
    case WorkKind::still:
    case WorkKind::image:
      return kImage;
    case WorkKind::sound:
      return kAudio;
    case WorkKind::dataset:
      return kPlain;
    case WorkKind::courseware:
      return kCourse;
    case WorkKind::lesson:
    case WorkKind::exhibit:
      return kPage;
    case WorkKind::book:
    case WorkKind::holding:
    case WorkKind::news:
      return kText;
    case WorkKind::game:
      return kGame;
    case WorkKind::travelling_exhibit:
    case WorkKind::object:
    case WorkKind::model:
    case WorkKind::pack:
      break;
  }
  return kOther;
}

json::value schema_org(const Work& work, const SchemaOrgContext& context) {
  const std::string language =
      work.title.empty() || work.title.contains("en") ? "en" : work.title.begin()->first;
  json::array types;
  for (const auto type : schema_types(work.kind)) types.emplace_back(type);
  json::object value{
      {"@context", json::array{"https://w3id.org/kim/amb/context.jsonld", "https://schema.org",
                               json::object{{"@language", language}}}},
      {"id", context.address},
      {"type", std::move(types)},
      {"url", context.address},
      {"name", in_one(work.title, language)},
      {"version", work.version},
      {"dateModified", format_rfc3339(work.changed_at)}};
  json::array other_names;
  for (const auto& [tag, text] : work.title)
    if (tag != language) other_names.push_back(json::object{{"@language", tag}, {"@value", text}});
  put_list(value, "alternateName", std::move(other_names));
  if (!work.about.empty()) value["description"] = in_one(work.about, language);
  if (work.published_at) value["datePublished"] = format_rfc3339(*work.published_at);
  if (!work.date.empty()) value["dateCreated"] = work.date;
  put_rights(value, work, context);
  json::array languages;
  for (const auto& tag : work.languages) languages.emplace_back(tag);
  put_list(value, "inLanguage", std::move(languages));
  put_list(value, "creator", parties(context.makers, language));
  put_list(value, "publisher", parties(context.publishers, language));
  const auto& type = resource_type(work.kind);
  value["learningResourceType"] = json::array{
      json::object{{"type", "Concept"}, {"id", type.uri}, {"prefLabel", {{"en", type.label_en}}}}};
  put_list(value, "isBasedOn", links(context.sources, language));
  put_list(value, "hasPart", links(context.parts, language));
  put_list(value, "isPartOf", links(context.holders, language));
  if (work.audience)
    value["typicalAgeRange"] = fmt::format("{}-{}", work.audience->from, work.audience->to);
  if (work.minutes) value["timeRequired"] = fmt::format("PT{}M", *work.minutes);
  if (work.place)
    value["contentLocation"] =
        json::object{{"type", "Place"},
                     {"geo", json::object{{"type", "GeoCoordinates"},
                                          {"latitude", work.place->latitude},
                                          {"longitude", work.place->longitude}}}};
  put_terms(value, context.terms);
  put_files(value, context.files);
  put_senses(value, work, context.files);
  return value;
}

}  // namespace oriel::commons

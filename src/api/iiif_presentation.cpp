#include "api/iiif_presentation.h"

#include <algorithm>

#include <fmt/format.h>

#include "api/linked_data.h"
#include "api/page_text.h"
#include "commons/licence.h"
#include "image/pictures.h"

namespace oriel::api {
namespace {

using commons::LocalisedText;

json::object words(const char* en, const char* zh) {
  return {{"en", json::array{en}}, {"zh", json::array{zh}}};
}

// Keys are BCP 47 tags or "none". Subtags with digits ("es-419") are right by the standard and
// refused by its JSON Schema, so they are left out.
std::string key_of(std::string_view tag) {
  if (tag == "und") return "none";
  std::string key;
  while (!tag.empty()) {
    const auto dash = tag.find('-');
    const auto subtag = tag.substr(0, dash);
    if (subtag.find_first_of("0123456789") != std::string_view::npos) break;
    key += (key.empty() ? "" : "-") + std::string(subtag);
    tag.remove_prefix(dash == std::string_view::npos ? tag.size() : dash + 1);
  }
  return key.empty() ? "none" : key;
}

json::object language_map(const LocalisedText& text) {
  json::object map;
  for (const auto& [tag, value] : text) {
    const auto key = key_of(tag);
    // A text that begins so would be taken for HTML.
    const auto plain = value.starts_with('<') ? escaped(value) : value;
    if (!map.contains(key))
      map[key] = json::array{plain};
    else
      map[key].get_array().emplace_back(plain);
  }
  return map;
}

json::object pair_of(json::object label, json::object value) {
  return {{"label", std::move(label)}, {"value", std::move(value)}};
}

bool is_sound(const commons::File& file) { return file.type.starts_with("audio/"); }
bool is_film(const commons::File& file) { return file.type.starts_with("video/"); }

std::string base_of(const Presented& presented) {
  return presented.origin + "/iiif/presentation/3/" + presented.work.id;
}

json::array service_of(const std::string& address) {
  return {json::object{{"id", address}, {"type", "ImageService3"}, {"profile", "level2"}}};
}

// A picture at the largest size that is given out, or within a box.
json::object image_body(const Presented& presented, const commons::File& file, int side_max) {
  const auto service = image_service_address(presented.origin, file.sha256);
  image::Extent size{static_cast<std::int32_t>(*file.width),
                     static_cast<std::int32_t>(*file.height)};
  std::string name = "max";
  if (side_max > 0 && std::max(size.width, size.height) > side_max) {
    name = fmt::format("!{0},{0}", side_max);
    const auto words_of = image::ImageRequest::parse({"full", name, "0", "default.jpg"});
    if (const auto cut = words_of->resolve(size)) size = cut->size;
  } else {
    size = image::largest_given(size);
  }
  return {{"id", fmt::format("{}/full/{}/0/default.jpg", service, name)},
          {"type", "Image"},
          {"format", "image/jpeg"},
          {"width", size.width},
          {"height", size.height},
          {"service", service_of(service)}};
}

json::object media_body(const Presented& presented, const commons::File& file) {
  json::object body{{"id", presented.origin + "/files/" + file.sha256},
                    {"type", is_sound(file) ? "Sound" : "Video"},
                    {"format", file.type},
                    {"duration", static_cast<double>(*file.duration_ms) / 1000}};
  if (!is_sound(file) && file.width && file.height) {
    body["width"] = *file.width;
    body["height"] = *file.height;
  }
  return body;
}

// Captions beside what they belong to: an annotation that supplements.
json::array captions_of(const Presented& presented, const std::string& canvas, std::size_t number) {
  json::array items;
  for (std::size_t i = 0; i < presented.captions.size(); ++i) {
    const auto& caption = presented.captions[i];
    json::object body{{"id", presented.origin + "/files/" + caption.held.sha256},
                      {"type", "Text"},
                      {"format", "text/vtt"},
                      {"label", json::object{{"none", json::array{caption.held.name}}}}};
    if (!caption.held.language.empty()) body["language"] = key_of(caption.held.language);
    items.push_back(
        json::object{{"id", fmt::format("{}/caption/{}-{}", base_of(presented), number, i + 1)},
                     {"type", "Annotation"},
                     {"motivation", "supplementing"},
                     {"body", std::move(body)},
                     {"target", canvas}});
  }
  return {json::object{{"id", fmt::format("{}/captions/{}", base_of(presented), number)},
                       {"type", "AnnotationPage"},
                       {"items", std::move(items)}}};
}

json::object canvas_of(const Presented& presented, const PresentedFile& shown, std::size_t number) {
  const auto& file = shown.file;
  const auto base = base_of(presented);
  const auto id = fmt::format("{}/canvas/{}", base, number);
  const bool picture = !is_sound(file) && !is_film(file);
  json::object canvas{{"id", id}, {"type", "Canvas"}};
  auto label = language_map(shown.held.about);
  if (label.empty()) label["none"] = json::array{shown.held.name};
  canvas["label"] = std::move(label);
  if (!is_sound(file) && file.width && file.height) {
    canvas["height"] = *file.height;
    canvas["width"] = *file.width;
  }
  if (!picture) canvas["duration"] = static_cast<double>(*file.duration_ms) / 1000;
  if (picture) canvas["thumbnail"] = json::array{image_body(presented, file, 256)};
  json::object annotation{
      {"id", fmt::format("{}/annotation/{}", base, number)},
      {"type", "Annotation"},
      {"motivation", "painting"},
      {"body", picture ? image_body(presented, file, 0) : media_body(presented, file)},
      {"target", id}};
  canvas["items"] = json::array{json::object{{"id", fmt::format("{}/page/{}", base, number)},
                                             {"type", "AnnotationPage"},
                                             {"items", json::array{std::move(annotation)}}}};
  if (!picture && !presented.captions.empty())
    canvas["annotations"] = captions_of(presented, id, number);
  return canvas;
}

// Only Creative Commons and RightsStatements.org, with http: that is how they are compared.
std::string rights_of(const commons::Work& work) {
  const auto licence = commons::find_licence(work.licence);
  std::string uri = licence ? licence->uri : work.licence;
  if (uri.starts_with("https://")) uri.erase(4, 1);
  if (uri.starts_with("http://creativecommons.org/licenses/") ||
      uri.starts_with("http://creativecommons.org/publicdomain/") ||
      uri.starts_with("http://rightsstatements.org/vocab/"))
    return uri;
  return "";
}

json::array metadata_of(const Presented& presented) {
  const auto& work = presented.work;
  json::array metadata;
  for (const auto& maker : presented.makers)
    metadata.push_back(pair_of(words("Made by", "创作者"), language_map(maker)));
  if (!work.date.empty())
    metadata.push_back(
        pair_of(words("Date", "日期"), json::object{{"none", json::array{work.date}}}));
  for (const auto& [scheme, value] : work.identifiers)
    metadata.push_back(pair_of(json::object{{"none", json::array{scheme}}},
                               language_map(LocalisedText{{"und", value}})));
  return metadata;
}

json::array providers_of(const Presented& presented) {
  json::array providers;
  for (const auto& party : presented.providers) {
    json::object agent{
        {"id", party.homepage.empty() ? presented.origin + "/parties/" + party.id : party.homepage},
        {"type", "Agent"},
        {"label", language_map(party.name)}};
    if (!party.homepage.empty())
      agent["homepage"] = json::array{json::object{{"id", party.homepage},
                                                   {"type", "Text"},
                                                   {"label", language_map(party.name)},
                                                   {"format", "text/html"}}};
    providers.push_back(std::move(agent));
  }
  return providers;
}

json::array rendering_of(const Presented& presented) {
  json::array rendering;
  for (const auto& taken : presented.taken) {
    const auto& type = taken.file.type;
    const auto* kind = is_sound(taken.file)             ? "Sound"
                       : is_film(taken.file)            ? "Video"
                       : type.starts_with("image/")     ? "Image"
                       : type.starts_with("model/")     ? "Model"
                       : type.starts_with("text/")      ? "Text"
                       : type == "application/pdf"      ? "Text"
                       : type == "application/epub+zip" ? "Text"
                                                        : "Dataset";
    rendering.push_back(
        json::object{{"id", presented.origin + "/files/" + taken.held.sha256},
                     {"type", kind},
                     {"label", json::object{{"none", json::array{taken.held.name}}}},
                     {"format", type}});
  }
  return rendering;
}

// What Manifests and Collections have in common.
json::object described(const Presented& presented, const char* type, const std::string& id) {
  const auto& work = presented.work;
  json::object object{{"@context", kPresentationContext},
                      {"id", id},
                      {"type", type},
                      {"label", language_map(work.title)}};
  if (!work.about.empty()) object["summary"] = language_map(work.about);
  if (auto metadata = metadata_of(presented); !metadata.empty())
    object["metadata"] = std::move(metadata);
  if (!presented.credit.empty())
    object["requiredStatement"] = pair_of(words("Credit", "署名"), language_map(presented.credit));
  if (const auto rights = rights_of(work); !rights.empty()) object["rights"] = rights;
  if (auto providers = providers_of(presented); !providers.empty())
    object["provider"] = std::move(providers);
  for (const auto& shown : presented.shown) {
    if (!image::Pictures::is_picture(shown.file.type)) continue;
    object["thumbnail"] = json::array{image_body(presented, shown.file, 256)};
    break;
  }
  if (work.moment) object["navDate"] = format_rfc3339(work.moment->start);
  object["homepage"] = json::array{json::object{{"id", presented.origin + "/works/" + work.id},
                                                {"type", "Text"},
                                                {"label", language_map(work.title)},
                                                {"format", "text/html"}}};
  object["seeAlso"] =
      json::array{json::object{{"id", presented.origin + "/api/v1/works/" + work.id},
                               {"type", "Dataset"},
                               {"label", words("As Oriel's API has it", "Oriel 接口中的记录")},
                               {"format", "application/json"}}};
  if (auto rendering = rendering_of(presented); !rendering.empty())
    object["rendering"] = std::move(rendering);
  json::array holders;
  for (const auto& holder : presented.holders)
    holders.push_back(
        json::object{{"id", presented.origin + "/iiif/presentation/3/" + holder + "/collection"},
                     {"type", "Collection"}});
  if (!holders.empty()) object["partOf"] = std::move(holders);
  return object;
}

}  // namespace

bool is_presented(const commons::File& file) {
  if (is_sound(file)) return file.duration_ms.value_or(0) > 0;
  const bool sized = file.width.value_or(0) > 0 && file.height.value_or(0) > 0;
  if (is_film(file)) return file.duration_ms.value_or(0) > 0 && sized;
  return image::Pictures::is_picture(file.type) && sized;
}

json::object manifest_of(const Presented& presented) {
  auto manifest = described(presented, "Manifest", base_of(presented) + "/manifest");
  if (presented.work.kind == commons::WorkKind::book) manifest["behavior"] = json::array{"paged"};
  json::array items;
  for (std::size_t i = 0; i < presented.shown.size(); ++i)
    items.push_back(canvas_of(presented, presented.shown[i], i + 1));
  manifest["items"] = std::move(items);
  return manifest;
}

json::object collection_of(const Presented& presented, const std::vector<PresentedPart>& parts) {
  auto collection = described(presented, "Collection", base_of(presented) + "/collection");
  json::array items;
  for (const auto& part : parts) {
    items.push_back(
        json::object{{"id", fmt::format("{}/iiif/presentation/3/{}/{}", presented.origin, part.id,
                                        part.collection ? "collection" : "manifest")},
                     {"type", part.collection ? "Collection" : "Manifest"},
                     {"label", language_map(part.title)}});
  }
  collection["items"] = std::move(items);
  return collection;
}

}  // namespace oriel::api

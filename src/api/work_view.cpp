#include "api/work_view.h"

#include "api/provenance.h"
#include "api/viewer.h"
#include "api/work_gate.h"
#include "http/problem.h"
#include "imprint/imprint.h"

namespace oriel::api {
namespace {

std::string escaped_name(std::string_view name) {
  std::string safe;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '.' || c == '-' || c == '_';
    if (plain) {
      safe += c;
    } else {
      constexpr std::string_view kDigits = "0123456789ABCDEF";
      safe += {'%', kDigits[byte >> 4U], kDigits[byte & 15U]};
    }
  }
  return safe;
}

// A JSON may be anything; that it is a glTF its name says, until its bytes are looked at.
bool takes_credits(const WorkFile& file) {
  if (file.type == "application/json") return file.name.ends_with(".gltf");
  return imprint::has_place(file.type);
}

}  // namespace

std::string disposition_of(bool shown, std::string_view name) {
  return std::string(shown ? "inline" : "attachment") + "; filename*=UTF-8''" + escaped_name(name);
}

WorkTombstone tombstone_of(const commons::Work& work) {
  return {work.id, work.kind, work.state, work.title, work.changed_at, work.note};
}

Result<json::value> view_of(const Services& services, const http::Request& request,
                            const commons::Work& work) {
  ORIEL_TRY_ASSIGN(const bool withheld, is_withheld(services, work, identity_of(request)));
  std::vector<std::string> sums;
  for (const auto& held : work.files) sums.push_back(held.sha256);
  ORIEL_TRY_ASSIGN(const auto kept, services.commons.shelf.load_all(sums));
  std::vector<WorkFile> files;
  for (const auto& held : work.files) {
    WorkFile view;
    static_cast<commons::HeldFile&>(view) = held;
    if (const auto file = kept.find(held.sha256); file != kept.end()) {
      view.bytes = file->second.bytes;
      view.type = file->second.type;
      if (!withheld) view.url = "/files/" + held.sha256;
      if (!withheld && takes_credits(view))
        view.credits_url = "/works/" + work.id + "/files/" + held.sha256;
    }
    files.push_back(std::move(view));
  }
  auto value = to_json(work);
  auto& object = value.get_object();
  object["files"] = to_json(files);
  // Names of accounts and what they wrote to each other are theirs.
  if (!access::may(identity_of(request), access::Capability::contribute_works))
    for (const char* name : {"made_by", "changed_by", "note"}) object[name] = "";
  object["address"] = origin_of(services, request) + "/works/" + work.id;
  object["withheld"] = withheld;
  return value;
}

json::value work_schema() {
  auto schema = json_schema<commons::Work>();
  auto& object = schema.get_object();
  auto& properties = object["properties"].get_object();
  properties["files"] = json_schema<std::vector<WorkFile>>();
  properties["address"] = json_schema<std::string>();
  properties["withheld"] = json_schema<bool>();
  object["required"].get_array().emplace_back("address");
  object["required"].get_array().emplace_back("withheld");
  object["title"] = "Work";
  return schema;
}

json::value work_list_schema() {
  auto schema = json_schema<ListOf<std::string>>();
  schema.get_object()["properties"].get_object()["items"] =
      json::object{{"type", "array"}, {"items", work_schema()}};
  return schema;
}

http::Response problem_with(int status, std::string_view detail, std::string_view member,
                            json::value value) {
  json::object document{{"type", "about:blank"},
                        {"title", http::reason_of(status)},
                        {"status", status},
                        {"detail", detail}};
  document.emplace(member, std::move(value));
  auto response = http::Response::json(document, status);
  response.headers.set("Content-Type", "application/problem+json");
  response.headers.set("Cache-Control", "no-store");
  return response;
}

}  // namespace oriel::api

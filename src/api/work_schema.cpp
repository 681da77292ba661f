#include "api/work_schema.h"

#include "api/provenance.h"
#include "api/viewer.h"
#include "api/work_gate.h"
#include "commons/schema_org.h"

namespace oriel::api {
namespace {

using commons::SchemaOrgLink;
using commons::SchemaOrgParty;
using commons::Work;
using commons::WorkId;

constexpr std::size_t kLinksMax = 50;

// Absent where it is gone.
Result<std::optional<SchemaOrgParty>> party_of(const Services& services, const std::string& id) {
  const auto party = services.commons.catalogue.load_party(commons::PartyId(id));
  if (!party && party.error().kind == ErrorKind::not_found) return std::optional<SchemaOrgParty>();
  if (!party) return fail(party.error());
  SchemaOrgParty told{party->name, party->homepage, party->kind != commons::PartyKind::person};
  for (const char* scheme : {"ror", "orcid"})
    if (const auto found = party->identifiers.find(scheme);
        found != party->identifiers.end() && found->second.starts_with("http"))
      told.id = found->second;
  return std::optional(std::move(told));
}

Result<std::vector<SchemaOrgParty>> makers_of(const Services& services, const Work& work) {
  std::vector<SchemaOrgParty> makers;
  for (const auto& maker : work.makers) {
    if (maker.party.empty()) {
      makers.push_back({{{"und", maker.name}}, "", false});
      continue;
    }
    ORIEL_TRY_ASSIGN(auto party, party_of(services, maker.party));
    if (party) makers.push_back(std::move(*party));
  }
  return makers;
}

// Those of them that everybody may see.
Result<std::vector<SchemaOrgLink>> links_to(const Services& services, const std::string& works,
                                            const std::vector<std::string>& ids) {
  const access::Identity visitor;
  std::vector<SchemaOrgLink> links;
  for (const auto& id : ids) {
    if (links.size() == kLinksMax) break;
    ORIEL_TRY_ASSIGN(const auto other, services.commons.catalogue.load_work(WorkId(id)));
    if (sight_of(other, visitor) != WorkSight::full) continue;
    ORIEL_TRY_ASSIGN(auto makers, makers_of(services, other));
    links.push_back({works + id, other.title, std::move(makers), other.licence});
  }
  return links;
}

}  // namespace

Result<json::value> schema_of(const Services& services, const http::Request& request,
                              const Work& work, const json::value& view,
                              const std::string& credit) {
  const auto origin = origin_of(services, request);
  const auto& catalogue = services.commons.catalogue;
  commons::SchemaOrgContext context;
  context.address = origin + "/works/" + work.id;
  context.credit = credit;
  ORIEL_TRY_ASSIGN(context.makers, makers_of(services, work));
  for (const auto& steward : work.stewards) {
    ORIEL_TRY_ASSIGN(auto party, party_of(services, steward));
    if (party) context.publishers.push_back(std::move(*party));
  }
  for (const auto& uri : work.terms) {
    auto term = catalogue.load_term(uri);
    if (term)
      context.terms.push_back(std::move(*term));
    else if (term.error().kind != ErrorKind::not_found)
      return fail(std::move(term).error());
  }
  ORIEL_TRY_ASSIGN(context.sources, links_to(services, origin + "/works/", work.derived_from));
  ORIEL_TRY_ASSIGN(context.parts,
                   links_to(services, origin + "/works/", commons::held_works(work)));
  ORIEL_TRY_ASSIGN(const auto holders,
                   catalogue.list_naming(commons::Relation::part, work.id, {"", kLinksMax}));
  ORIEL_TRY_ASSIGN(context.holders, links_to(services, origin + "/works/", holders.items));
  const auto& seen = view.at("files").as_array();
  for (std::size_t i = 0; i < seen.size(); ++i) {
    const std::string url(seen[i].at("url").as_string());
    if (url.empty()) continue;
    const auto& held = work.files[i];
    context.files.push_back({origin + url, std::string(seen[i].at("type").as_string()),
                             seen[i].at("bytes").as_int64(), held.name, held.role, held.sha256,
                             held.language});
  }
  return commons::schema_org(work, context);
}

}  // namespace oriel::api

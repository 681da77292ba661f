// A Work in the words of schema.org, with LRMI's for teaching, as JSON-LD.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "commons/term.h"
#include "commons/work.h"

namespace oriel::commons {

struct SchemaOrgFile {
  std::string url;  // absolute
  std::string type;
  std::int64_t bytes = 0;
  std::string name;
  FileRole role = FileRole::original;
  std::string sha256;
  std::string language;  // of a caption
};

// Who made it or answers for it.
struct SchemaOrgParty {
  LocalisedText name;
  std::string id;  // ORCID, ROR or homepage; "": none
  bool organisation = false;
};

// Another Work, as far as it is told of here.
struct SchemaOrgLink {
  std::string address;
  LocalisedText name;
  std::vector<SchemaOrgParty> makers;
  std::string licence;
};

// What the Work itself does not hold.
struct SchemaOrgContext {
  std::string address;  // of the Work, absolute
  std::vector<SchemaOrgParty> makers;
  std::vector<SchemaOrgParty> publishers;  // its stewards
  std::vector<Term> terms;                 // those of the Work that are known
  std::vector<SchemaOrgFile> files;        // those that everybody may have
  std::vector<SchemaOrgLink> sources;      // what it was made of
  std::vector<SchemaOrgLink> parts;
  std::vector<SchemaOrgLink> holders;  // what it is a part of
  std::string credit;                  // one line
};

// Sources: schema.org 28.1; the AMB profile of LearningResource, release 20231019
// (w3id.org/kim/amb). What is a single text there is given in English, or in the Work's first
// language, which `@context` names; titles in others are `alternateName`.
json::value schema_org(const Work& work, const SchemaOrgContext& context);

// "LearningResource" and, where there is one for the kind, a more exact type of CreativeWork.
std::vector<std::string_view> schema_types(WorkKind kind);

// What a kind is in teaching: a concept of the Hochschulcampus Ressourcentypen (w3id.org/kim/hcrt).
struct ResourceType {
  std::string_view uri;
  const char* label_en;
};
const ResourceType& resource_type(WorkKind kind);

}  // namespace oriel::commons

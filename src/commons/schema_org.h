// A Work in the words of schema.org, with LRMI's for teaching, as JSON-LD.
#pragma once
#include <string>
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
};

// What the Work itself does not hold.
struct SchemaOrgContext {
  std::string address;                    // of the Work, absolute
  std::string works;                      // what the addresses of other Works begin with
  std::vector<LocalisedText> makers;      // names
  std::vector<LocalisedText> publishers;  // its stewards' names
  std::vector<Term> terms;                // those of the Work that are known
  std::vector<SchemaOrgFile> files;       // those that everybody may have
  std::string credit;                     // one line
};

// Sources: schema.org 28.1; the AMB profile for LearningResource. Texts of several languages are
// lists of {"@language", "@value"}.
json::value schema_org(const Work& work, const SchemaOrgContext& context);

}  // namespace oriel::commons

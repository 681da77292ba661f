// A provider of OAI-PMH 2.0 (openarchives.org/OAI/2.0/openarchivesprotocol.htm): what was
// published, for those who harvest it. Deletions are kept for good; lists are split by tokens
// (oai_token.h).
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "commons/publications.h"
#include "exchange/oai_records.h"

namespace oriel::exchange {

// As they came, of the query or the form, decoded.
using OaiArguments = std::vector<std::pair<std::string, std::string>>;

struct OaiOptions {
  std::int64_t part_count = 500;  // records or headers in one answer
};

// Thread-safe.
class OaiProvider {
 public:
  // All must outlive it.
  OaiProvider(const commons::Publications& publications, const Clock& clock,
              OaiOptions options = {})
      : publications_(publications), clock_(clock), options_(options) {}

  // The document for a request, also for one that is refused: errors of the protocol stand in it.
  // Blocks. Errors: of the database.
  Result<std::string> answer(const OaiNode& node, const OaiArguments& arguments,
                             const FilesShown& files_shown) const;

 private:
  const commons::Publications& publications_;
  const Clock& clock_;
  const OaiOptions options_;
};

}  // namespace oriel::exchange

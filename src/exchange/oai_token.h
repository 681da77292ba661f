// Resumption tokens of OAI-PMH: they carry all that the list was asked by and where it goes on, so
// that nothing is kept of a harvest, it goes on after a restart, and the same token asked twice
// gives the same part.
//
//   1~{l|i|r}~{prefix}~{set}~{from_us}~{end_us}~{changed_us}~{id}~{cursor}~{size}~{check}
//
// `check` is the first 16 digits of the SHA-256 of what stands before it: junk and slips are
// refused. It is no secret, since a token lets nobody see more than its own list.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "commons/publications.h"

namespace oriel::exchange {

struct OaiToken {
  bool headers_only = false;  // ListIdentifiers, else ListRecords
  std::string prefix;
  std::string set;  // "": all
  std::int64_t from_us = 0;
  std::int64_t end_us = 0;  // exclusive
  commons::PublicationKey after;
  std::int64_t cursor = 0;  // records before this part
  std::int64_t size = 0;    // of the whole list when it began
};

// [A-Za-z0-9_.!*'():-] and "~" only.
std::string format_token(const OaiToken& token);
// Errors: invalid.
Result<OaiToken> parse_token(std::string_view text);

// Of a set or a prefix: [A-Za-z0-9-_.!~*'()]+, for a set several of those joined by ":".
bool is_set_spec(std::string_view text);
bool is_prefix(std::string_view text);

}  // namespace oriel::exchange

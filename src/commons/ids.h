// How what the commons holds is named, for good.
#pragma once
#include <string>

#include "base/ids.h"
#include "base/time.h"

namespace oriel::commons {

using WorkId = Slug<struct WorkTag>;
using PartyId = Slug<struct PartyTag>;

// A new name that no other house makes: a ULID (github.com/ulid/spec: 48 bits of milliseconds, 80
// random bits) in small letters, 26 of Crockford's base 32. Later ones sort later, to the
// millisecond; a slug.
std::string make_id(UtcTime now);

}  // namespace oriel::commons

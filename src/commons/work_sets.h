// The sets that a published Work is in, for those who copy a part of the commons:
//
//   kind:clip            by kind; stands in the Work's own row
//   inst:{party}         by steward, and whatever that party is within
//   sdg:15, sdg:15:15.5  by goal and target of the United Nations
//
// "kind", "inst" and "sdg" alone are sets too: of all that are in one of theirs.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "commons/work.h"
#include "store/database.h"

namespace oriel::commons {

// "sdg:15" and "sdg:15:15.5" for ".../sdg/15.5"; none for what is no goal or target.
std::vector<std::string> sdg_sets(std::string_view term);

// Writes the sets of a Work as it stands now, inside the transaction that changed it; of one that
// never was in public there are none, and one that is deleted keeps those it was in, so that
// whoever copies the set hears of it. Errors: of the database.
Result<void> write_sets(store::Session& session, const Work& work);

}  // namespace oriel::commons

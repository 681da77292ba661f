// The terms that every house begins with: the Sustainable Development Goals and their targets, by
// the URIs of the United Nations (metadata.un.org/sdg), and the licences to choose from first.
#pragma once
#include <vector>

#include "base/result.h"
#include "commons/term.h"
#include "store/database.h"

namespace oriel::commons {

// 17 goals and 169 targets, each goal before its targets; goals with their short names in English
// and Chinese, targets with their texts in English; then the licences.
std::vector<Term> first_terms();

// Those that are not there yet; what people made of the others stays.
Result<void> add_first_terms(store::Session& session);

}  // namespace oriel::commons

// A Work with all that it came from and holds, as the licences and credits look at it.
#pragma once
#include <string>

#include "base/result.h"
#include "commons/catalogue.h"
#include "commons/licence_chain.h"

namespace oriel::commons {

// More than any Work that people made; what one answer may read of the database.
inline constexpr std::size_t kWorkChainMax = 2'000;

// The Work first. What it was made of it adapts, its parts it collects; a source that one of its
// own stewards answers for needs no licence. Makers are named in `language`; `origin`
// ("https://window.example") begins the addresses. Blocks. Errors: not_found (the Work itself),
// invalid (more than kWorkChainMax), those of the catalogue.
Result<Chain> load_chain(const Catalogue& catalogue, const WorkId& id, const std::string& origin,
                         const std::string& language);

}  // namespace oriel::commons

// The search index made again from the catalogue at once, for one that has many Works: several
// threads write indexes of their own, which are then merged into one and put in the place of the
// old.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>

#include "base/result.h"
#include "commons/catalogue.h"

namespace oriel::commons {

struct SearchRebuildOptions {
  std::size_t threads = 0;  // 0: as many as the machine has processors
  // Works looked at so far; called on a thread of the rebuild, one call at a time. May be empty.
  std::function<void(std::int64_t works)> progress;
};

struct SearchRebuilt {
  std::int64_t works = 0;      // looked at
  std::int64_t documents = 0;  // published ones: in the index
};

// `folder` is not open for writing, and nothing changes the catalogue meanwhile. The old index
// stays until the new one is whole; beside it lies `folder`.new while it is made, which a later
// call removes when this one was cut short. Blocks. Errors: of the catalogue; exhausted, denied,
// internal.
Result<SearchRebuilt> rebuild_search(const Catalogue& catalogue,
                                     const std::filesystem::path& folder,
                                     const SearchRebuildOptions& options = {});

}  // namespace oriel::commons

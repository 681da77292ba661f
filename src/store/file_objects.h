// Objects as files of a folder:
//
//   {folder}/{first two digits}/{sha256}   the objects
//   {folder}/incoming/{name}               what is staged
//
// Argument: an object takes its name by one rename, after its bytes are synced, and the folder's
// entry is synced before keep() returns: under a sum there is always all of it, or nothing. A kill
// before the rename leaves it staged; before the sync of the folder, after a loss of power, too.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "store/object_store.h"

namespace oriel::store {

struct FileObjectsOptions {
  std::string folder;  // made where it is missing
  // append() refuses (exhausted) what would leave less free, so that objects do not take the disk
  // from the database and the archive beside them.
  std::uint64_t free_bytes_min = std::uint64_t{1} << 30U;
  std::size_t staged_max = 1'000;  // past it stage() refuses (exhausted)
};

// Errors: of the folder.
Result<std::unique_ptr<ObjectStore>> open_file_objects(FileObjectsOptions options);

}  // namespace oriel::store

// One program to a data folder.
#pragma once
#include <string>

#include "base/result.h"

namespace oriel::app {

// Held until destroyed: two programs on one data folder would give the same numbers to different
// recordings. The kernel lets go of it when the program dies, however it does.
class FolderLock {
 public:
  FolderLock() = default;
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

  // Once; the folder exists. Does not wait. Errors: conflict when another program has it.
  Result<void> take(const std::string& folder);

 private:
  int descriptor_ = -1;
};

}  // namespace oriel::app

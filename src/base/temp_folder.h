// A folder that goes away with its owner.
#pragma once
#include <filesystem>
#include <string>

#include <stdlib.h>

#include "base/result.h"

namespace oriel {

// Made under the system's folder for temporary files, for its owner only; removed with all that is
// in it. Stops the program when it cannot be made.
class TempFolder {
 public:
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "oriel-XXXXXX").string();
    ORIEL_CHECK(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace oriel

#include "app/folder_lock.h"

#include <cerrno>
#include <filesystem>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace oriel::app {

FolderLock::~FolderLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<void> FolderLock::take(const std::string& folder) {
  const std::string path = (std::filesystem::path(folder) / "oriel.lock").string();
  descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor_ < 0) return fail(errno_error(errno, path));
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return {};
  if (errno != EWOULDBLOCK) return fail(errno_error(errno, path));
  return fail(ErrorKind::conflict, "data folder " + folder + " is in use by another Oriel");
}

}  // namespace oriel::app

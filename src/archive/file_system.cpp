#include "archive/file_system.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <map>
#include <mutex>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/descriptor.h"

namespace oriel::archive {
namespace {

constexpr std::size_t kPiecesMax = 1024;  // IOV_MAX on Linux
constexpr std::size_t kRootsMax = 256;

Result<Descriptor> open_descriptor(const std::string& path, int flags) {
  for (;;) {
    const int fd = ::open(path.c_str(), flags | O_CLOEXEC, 0640);
    if (fd >= 0) return Descriptor(fd);
    if (errno != EINTR) return fail(errno_error(errno, "open " + path));
  }
}

FileIdentity identity_of(const struct stat& status) {
  return {static_cast<std::uint64_t>(status.st_dev), static_cast<std::uint64_t>(status.st_ino),
          static_cast<std::uint64_t>(status.st_size)};
}

class PosixFile final : public File {
 public:
  PosixFile(std::string path, Descriptor descriptor)
      : path_(std::move(path)), descriptor_(std::move(descriptor)) {}

  Result<void> write(std::uint64_t offset, std::span<const ByteView> pieces) override {
    std::array<iovec, kPiecesMax> vectors;
    while (!pieces.empty()) {
      const std::size_t count = std::min(pieces.size(), kPiecesMax);
      for (std::size_t i = 0; i < count; ++i)
        // writev takes no const pointers although it only reads.
        vectors[i] = {const_cast<std::uint8_t*>(pieces[i].data()), pieces[i].size()};
      ORIEL_TRY(write_all(offset, std::span(vectors.data(), count)));
      for (std::size_t i = 0; i < count; ++i) offset += pieces[i].size();
      pieces = pieces.subspan(count);
    }
    return {};
  }

  Result<std::size_t> read(std::uint64_t offset, std::span<std::uint8_t> into) const override {
    std::size_t done = 0;
    while (done < into.size()) {
      const ssize_t count = ::pread(descriptor_.get(), into.data() + done, into.size() - done,
                                    static_cast<off_t>(offset + done));
      if (count == 0) break;
      if (count < 0) {
        if (errno == EINTR) continue;
        return fail(errno_error(errno, "read " + path_));
      }
      done += static_cast<std::size_t>(count);
    }
    return done;
  }

  Result<std::uint64_t> size() const override {
    struct stat status {};
    if (::fstat(descriptor_.get(), &status) != 0) return fail(errno_error(errno, "stat " + path_));
    return static_cast<std::uint64_t>(status.st_size);
  }

  Result<FileIdentity> identity() const override {
    struct stat status {};
    if (::fstat(descriptor_.get(), &status) != 0) return fail(errno_error(errno, "stat " + path_));
    return identity_of(status);
  }

  Result<void> truncate(std::uint64_t size_bytes) override {
    while (::ftruncate(descriptor_.get(), static_cast<off_t>(size_bytes)) != 0)
      if (errno != EINTR) return fail(errno_error(errno, "truncate " + path_));
    return {};
  }

  Result<void> sync() override {
    while (::fdatasync(descriptor_.get()) != 0)
      if (errno != EINTR) return fail(errno_error(errno, "sync " + path_));
    return {};
  }

 private:
  // A write may be taken in part (signal, quota, nearly full disk): the rest follows.
  Result<void> write_all(std::uint64_t offset, std::span<iovec> vectors) {
    while (!vectors.empty()) {
      const ssize_t count = ::pwritev(descriptor_.get(), vectors.data(),
                                      static_cast<int>(vectors.size()), static_cast<off_t>(offset));
      if (count < 0) {
        if (errno == EINTR) continue;
        return fail(errno_error(errno, "write " + path_));
      }
      offset += static_cast<std::uint64_t>(count);
      auto left = static_cast<std::size_t>(count);
      while (!vectors.empty() && left >= vectors.front().iov_len) {
        left -= vectors.front().iov_len;
        vectors = vectors.subspan(1);
      }
      if (vectors.empty()) break;
      vectors.front().iov_base = static_cast<std::uint8_t*>(vectors.front().iov_base) + left;
      vectors.front().iov_len -= left;
    }
    return {};
  }

  const std::string path_;
  const Descriptor descriptor_;
};

class PosixFileSystem final : public FileSystem {
 public:
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
    int flags = O_RDONLY;
    switch (mode) {
      case OpenMode::read:
        break;
      case OpenMode::write:
        flags = O_RDWR;
        break;
      case OpenMode::create_new:
        flags = O_RDWR | O_CREAT | O_EXCL;
        break;
      case OpenMode::create:
        flags = O_RDWR | O_CREAT;
        break;
    }
    ORIEL_TRY_ASSIGN(auto descriptor, open_descriptor(path, flags));
    return std::make_unique<PosixFile>(path, std::move(descriptor));
  }

  Result<void> make_folders(const std::string& path) override {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (error) return fail(errno_error(error.value(), "make folder " + path));
    return {};
  }

  Result<void> rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0)
      return fail(errno_error(errno, "rename " + from + " to " + to));
    return {};
  }

  Result<void> remove(const std::string& path) override {
    if (::unlink(path.c_str()) != 0) return fail(errno_error(errno, "remove " + path));
    return {};
  }

  Result<std::vector<DirectoryEntry>> list(const std::string& path) override {
    std::vector<DirectoryEntry> entries;
    std::error_code error;
    std::filesystem::directory_iterator at(path, error);
    if (error) return fail(errno_error(error.value(), "list " + path));
    while (at != std::filesystem::directory_iterator()) {
      std::error_code unknown;
      entries.push_back({at->path().filename().string(), at->is_directory(unknown)});
      at.increment(error);
      if (error) return fail(errno_error(error.value(), "list " + path));
    }
    return entries;
  }

  Result<void> sync_folder(const std::string& path) override {
    ORIEL_TRY_ASSIGN(const auto descriptor, open_descriptor(path, O_RDONLY | O_DIRECTORY));
    if (::fsync(descriptor.get()) != 0) return fail(errno_error(errno, "sync " + path));
    return {};
  }

  // syncfs(2) tells of write-back errors since the descriptor was opened, so it is kept open.
  Result<void> sync_all(const std::string& path) override {
    ORIEL_TRY_ASSIGN(const auto root, root_of(path));
    if (::syncfs(root->get()) != 0)
      return fail(errno_error(errno, "sync the file system of " + path));
    return {};
  }

  Result<FileIdentity> identify(const std::string& path) override {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return fail(errno_error(errno, "stat " + path));
    return identity_of(status);
  }

  Result<Space> space(const std::string& path) override {
    struct statvfs status {};
    if (::statvfs(path.c_str(), &status) != 0)
      return fail(errno_error(errno, "look at the space of " + path));
    return Space{static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize,
                 static_cast<std::uint64_t>(status.f_blocks) * status.f_frsize,
                 (status.f_flag & ST_RDONLY) != 0};
  }

 private:
  // Another file system may have been mounted at `path` meanwhile.
  Result<std::shared_ptr<const Descriptor>> root_of(const std::string& path) {
    struct stat now {};
    if (::stat(path.c_str(), &now) != 0) return fail(errno_error(errno, "stat " + path));
    const std::lock_guard lock(mutex_);
    if (const auto found = roots_.find(path); found != roots_.end()) {
      struct stat kept {};
      if (::fstat(found->second->get(), &kept) == 0 && kept.st_dev == now.st_dev)
        return found->second;
      roots_.erase(found);
    }
    ORIEL_TRY_ASSIGN(auto descriptor, open_descriptor(path, O_RDONLY | O_DIRECTORY));
    auto root = std::make_shared<const Descriptor>(std::move(descriptor));
    if (roots_.size() < kRootsMax) roots_[path] = root;
    return root;
  }

  std::mutex mutex_;
  // Guarded by mutex_; one for each volume, further ones are not kept.
  std::map<std::string, std::shared_ptr<const Descriptor>> roots_;
};

}  // namespace

std::unique_ptr<FileSystem> make_posix_file_system() { return std::make_unique<PosixFileSystem>(); }

Result<Bytes> read_small_file(FileSystem& file_system, const std::string& path,
                              std::size_t bytes_max) {
  ORIEL_TRY_ASSIGN(const auto file, file_system.open(path, OpenMode::read));
  ORIEL_TRY_ASSIGN(const auto size, file->size());
  if (size > bytes_max)
    return fail(ErrorKind::exhausted,
                path + " is larger than " + std::to_string(bytes_max) + " bytes");
  Bytes bytes(static_cast<std::size_t>(size));
  ORIEL_TRY_ASSIGN(const auto count, file->read(0, bytes));
  bytes.resize(count);
  return bytes;
}

Result<void> write_whole_file(FileSystem& file_system, const std::string& path, ByteView bytes) {
  const std::string folder = path.substr(0, path.rfind('/'));
  const std::string temporary = path + ".new";
  ORIEL_TRY(file_system.make_folders(folder));
  {
    ORIEL_TRY_ASSIGN(const auto file, file_system.open(temporary, OpenMode::create));
    ORIEL_TRY(file->truncate(0));
    ORIEL_TRY(file->write(0, std::span(&bytes, 1)));
    ORIEL_TRY(file->sync());
  }
  ORIEL_TRY(file_system.rename(temporary, path));
  return file_system.sync_folder(folder);
}

}  // namespace oriel::archive

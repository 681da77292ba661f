// The calls the archive makes on a disk, behind an interface, so that tests can lose power, fill
// the disk or let it hang at any step. All archive I/O passes here. Every call blocks.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace oriel::archive {

enum class OpenMode {
  read,        // must exist
  write,       // read and write, must exist
  create_new,  // read and write, must not exist: conflict when it does
  create,      // read and write, made when absent
};

// Which file a name stands for, so that a swapped or deleted one is noticed.
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t number = 0;  // inode
  std::uint64_t size_bytes = 0;
  bool same_file(const FileIdentity& other) const {
    return device == other.device && number == other.number;
  }
};

// An open file; closed by the destructor. Positional, so that any number of threads may read.
// Errors: as errno_error(): exhausted (ENOSPC), denied (EROFS, EACCES), data_loss (EIO), ….
class File {
 public:
  virtual ~File() = default;
  // Writes all pieces one after the other at `offset`: one pwritev when they are at most 1024 and
  // the kernel takes them whole. After an error any prefix of the bytes may be in the file.
  virtual Result<void> write(std::uint64_t offset, std::span<const ByteView> pieces) = 0;
  // Bytes read: less than `into` only at the end of the file.
  virtual Result<std::size_t> read(std::uint64_t offset, std::span<std::uint8_t> into) const = 0;
  virtual Result<std::uint64_t> size() const = 0;
  virtual Result<FileIdentity> identity() const = 0;
  virtual Result<void> truncate(std::uint64_t size_bytes) = 0;
  // fdatasync: the bytes and the size survive a loss of power when this returns.
  virtual Result<void> sync() = 0;
};

struct DirectoryEntry {
  std::string name;
  bool is_folder = false;
};

struct Space {
  std::uint64_t free_bytes = 0;  // for this user
  std::uint64_t total_bytes = 0;
  bool read_only = false;
};

// Thread-safe.
class FileSystem {
 public:
  virtual ~FileSystem() = default;
  virtual Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) = 0;
  // Makes the folder and its missing parents; existing ones are fine.
  virtual Result<void> make_folders(const std::string& path) = 0;
  virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
  virtual Result<void> remove(const std::string& path) = 0;
  // Without "." and "..", in no order. Errors: not_found.
  virtual Result<std::vector<DirectoryEntry>> list(const std::string& path) = 0;
  // The names in this folder survive a loss of power when this returns.
  virtual Result<void> sync_folder(const std::string& path) = 0;
  // syncfs: everything written to the file system that holds `path`, names included, survives a
  // loss of power when this returns. Reports write-back errors since the call before.
  virtual Result<void> sync_all(const std::string& path) = 0;
  // Of the file that has this name now. Errors: not_found.
  virtual Result<FileIdentity> identify(const std::string& path) = 0;
  virtual Result<Space> space(const std::string& path) = 0;
};

// The real one.
std::unique_ptr<FileSystem> make_posix_file_system();

// Reads a whole small file. Errors: exhausted when it is larger than `bytes_max`.
Result<Bytes> read_small_file(FileSystem& file_system, const std::string& path,
                              std::size_t bytes_max);
// Writes a whole small file, its folder too where it is missing: under a temporary name that is
// synced before it takes the real one, so that it appears whole or not at all, and survives a loss
// of power when this returns. What had the name is replaced.
Result<void> write_whole_file(FileSystem& file_system, const std::string& path, ByteView bytes);

}  // namespace oriel::archive

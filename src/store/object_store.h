// Objects: bytes under the name of their SHA-256, kept once. What is on its way in is staged under
// a name of its own until all of it is there. Files on disk now (file_objects.h); the calls are
// those that an S3 store has too (multipart upload, get by range, delete).
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/sha256.h"

namespace oriel::store {

struct StoredObject {
  Sha256Digest sha256{};
  std::uint64_t bytes = 0;
};

// One object, open. Any number of threads may read.
class ObjectReader {
 public:
  virtual ~ObjectReader() = default;
  virtual std::uint64_t bytes() const = 0;
  // Bytes read: less than `into` only at the end.
  virtual Result<std::size_t> read(std::uint64_t offset, std::span<std::uint8_t> into) const = 0;
};

// Thread-safe. Every call blocks. Calls on one staged name exclude each other: who has waited for a
// second is told unavailable.
//
// What lies under a SHA-256 is whole at every moment, and survives a loss of power once keep() has
// returned. What is staged is there up to staged_bytes() after a kill; after a loss of power up to
// what append() had returned, and keep() finds out whether it is what was sent.
class ObjectStore {
 public:
  virtual ~ObjectStore() = default;

  // `name` is a slug. Errors: conflict (it is there), exhausted (too many, or the disk is full).
  virtual Result<void> stage(const std::string& name) = 0;
  // What is there of it. Errors: not_found.
  virtual Result<std::uint64_t> staged_bytes(const std::string& name) = 0;
  // Adds at `offset`, the end of what is there; gives the new end. Errors: conflict (another
  // offset), not_found, exhausted (the disk is full: what is there stays, and a prefix of `bytes`
  // may have been added).
  virtual Result<std::uint64_t> append(const std::string& name, std::uint64_t offset,
                                       ByteView bytes) = 0;
  // The first bytes of it, for those who look what it is.
  virtual Result<Bytes> staged_head(const std::string& name, std::size_t bytes_max) = 0;
  // Sums up what is there of it, so that keep() need not: after a restart that may be 50 GiB.
  // Errors: not_found.
  virtual Result<void> sum_up(const std::string& name) = 0;
  // Makes it an object; nothing is staged under the name then. Where there is one of the same
  // bytes, that one stays. With `expected` only if it has that sum. Errors: invalid (another sum:
  // it stays staged), not_found, exhausted.
  virtual Result<StoredObject> keep(const std::string& name,
                                    const std::optional<Sha256Digest>& expected) = 0;
  // Nothing staged under that name is fine.
  virtual Result<void> discard(const std::string& name) = 0;
  virtual Result<std::vector<std::string>> list_staged() = 0;

  // Errors: not_found.
  virtual Result<std::unique_ptr<ObjectReader>> open(const Sha256Digest& sha256) = 0;
  // Where it lies as a file, for those who send it from there; absent where it is no file.
  virtual std::optional<std::string> file_of(const Sha256Digest& sha256) const = 0;
  // Who has it open may read on. No such object is fine.
  virtual Result<void> remove(const Sha256Digest& sha256) = 0;
  // All objects, in no order.
  virtual Result<std::vector<Sha256Digest>> list() = 0;
};

// All bytes at once, by stage(), append() and keep(), under a name of its own.
Result<StoredObject> put_object(ObjectStore& objects, const std::string& name, ByteView bytes);

}  // namespace oriel::store

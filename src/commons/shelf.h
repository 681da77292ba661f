// The shelf: files, as objects and as rows that say what they are.
//
// Argument: the object is there before its row, and goes after it. A kill between leaves an object
// without a row, which tidy() finds; never a row without its object. A file stays as long as a Work
// names it, and kGrace after it came, so that it can be uploaded first and named then.
#pragma once
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/sha256.h"
#include "base/time.h"
#include "commons/file.h"
#include "store/database.h"
#include "store/object_store.h"

namespace oriel::commons {

// A row of a file whose object is there. Where it is there already only its time changes.
Result<void> add_file(store::Session& session, const File& file, const std::string& account);
// Errors: not_found.
Result<File> load_file(store::Session& session, const std::string& sha256);

// What a worker found out about a picture, a film or a sound. Pixels as it is shown.
struct FileDimensions {
  std::optional<std::int64_t> width;
  std::optional<std::int64_t> height;
  std::optional<std::int64_t> duration_ms;
};

// Thread-safe. Every call blocks. One to an object store: it keeps apart those who put a file on
// the shelf and those who take it away.
class Shelf {
 public:
  static constexpr Duration kGrace = Duration::from_s(7 * 86'400);
  // Of one who contributes and is no curator.
  static constexpr std::int64_t kAccountBytesMax = std::int64_t{100} << 30U;

  // All must outlive it.
  Shelf(store::Database& database, store::ObjectStore& objects, const Clock& clock)
      : database_(database), objects_(objects), clock_(clock) {}

  store::ObjectStore& objects() { return objects_; }
  // What was staged becomes a file of that account, its type told by its bytes. Errors: of
  // ObjectStore::keep(); unsupported (an SVG or HTML with a script, a program), and it is staged no
  // more.
  Result<File> keep(const std::string& staged, const std::optional<Sha256Digest>& expected,
                    const std::string& account);
  // Errors: not_found.
  Result<File> load(const std::string& sha256) const;
  // Those that are there, by SHA-256.
  Result<std::map<std::string, File>> load_all(const std::vector<std::string>& sha256s) const;
  // What an account was the first to bring, together with what it is uploading.
  Result<std::int64_t> bytes_of(const std::string& account) const;
  // Errors: denied, when with so many bytes more an account would have kAccountBytesMax or more.
  Result<void> check_room(const std::string& account, std::int64_t bytes) const;
  // No such file is fine: it may have gone meanwhile.
  Result<void> set_dimensions(const std::string& sha256, const FileDimensions& found);
  // Pictures, films and sounds that came after `after` and have no dimensions yet, in the order in
  // which they came, at most `count_max`.
  Result<std::vector<File>> list_undescribed(UtcTime after, std::int64_t count_max) const;

  struct Tidied {
    std::int64_t files = 0;    // that no Work names, with their objects
    std::int64_t objects = 0;  // without a row
  };
  // Takes away what nobody needs. To be called now and then.
  Result<Tidied> tidy();

 private:
  Result<void> remove(const std::string& sha256, std::int64_t& removed);

  store::Database& database_;
  store::ObjectStore& objects_;
  const Clock& clock_;
  // Held from looking for an object to writing its row, and from removing a row to its object.
  std::mutex mutex_;
};

}  // namespace oriel::commons

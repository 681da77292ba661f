// Files on their way in, in pieces, over days and restarts.
//
// Argument: how far an upload has come is the length of what is staged, nowhere else; its row says
// whose it is and what is expected. The row is there before the bytes and goes after them.
#pragma once
#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include <boost/describe/class.hpp>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "commons/file.h"
#include "commons/shelf.h"
#include "store/database.h"

namespace oriel::commons {

struct Upload {
  std::string id;
  std::string name;                   // of the file, for people
  std::int64_t received = 0;          // bytes that are here
  std::optional<std::int64_t> bytes;  // of all; absent: not said yet
  UtcTime expires_at;                 // unless it goes on before
};
BOOST_DESCRIBE_STRUCT(Upload, (), (id, name, received, bytes, expires_at))

struct UploadRequest {
  std::string account;
  std::string name;                   // may be empty
  std::optional<std::int64_t> bytes;  // of all, where it is known
  std::string sha256;                 // what it should be; "": not said
};

// Thread-safe. Every call blocks. An upload of another account is not_found.
class Uploads {
 public:
  static constexpr std::int64_t kBytesMax = std::int64_t{50} << 30U;
  static constexpr std::int64_t kPerAccountMax = 100;
  static constexpr Duration kLifetime = Duration::from_s(3 * 86'400);

  // All must outlive it.
  Uploads(store::Database& database, Shelf& shelf, const Clock& clock)
      : database_(database), shelf_(shelf), clock_(clock) {}

  // Errors: invalid, exhausted (too large, too many, the disk is full).
  Result<Upload> begin(const UploadRequest& request);
  Result<Upload> load(const std::string& id, const std::string& account);
  // Errors: conflict (it does not stand at `offset`), invalid (more than was said), exhausted (the
  // disk is full: what is here stays, go on later).
  Result<Upload> append(const std::string& id, const std::string& account, std::int64_t offset,
                        ByteView bytes);
  // All is here: makes it a file, and the upload is no more. Errors: conflict (bytes are missing),
  // invalid (another SHA-256 than said: the upload is no more), unsupported (see Shelf::keep).
  Result<File> finish(const std::string& id, const std::string& account);
  Result<void> cancel(const std::string& id, const std::string& account);

  // Removes those that did not go on in time, and what is staged without a row and was so at the
  // call before: a clip may be on its way to the shelf. Gives how many expired. To be called now
  // and then, by one thread.
  Result<std::int64_t> expire();

 private:
  struct Row;
  Result<Row> load_row(const std::string& id, const std::string& account);
  Result<void> drop(const std::string& id);
  Result<Upload> seen(const Row& row, std::int64_t received);

  store::Database& database_;
  Shelf& shelf_;
  const Clock& clock_;
  std::set<std::string> strays_;  // of expire(): what was staged without a row
};

}  // namespace oriel::commons

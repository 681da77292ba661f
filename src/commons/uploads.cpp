#include "commons/uploads.h"

#include <set>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/sha256.h"
#include "commons/ids.h"

namespace oriel::commons {

struct Uploads::Row {
  std::string id;
  std::string name;
  std::optional<std::int64_t> bytes;
  std::string sha256;
};

namespace {

tl::unexpected<Error> too_large() {
  return fail(ErrorKind::exhausted,
              "a file has at most " + std::to_string(Uploads::kBytesMax) + " bytes (50 GiB)");
}

Result<void> check_request(const UploadRequest& request) {
  ORIEL_TRY(check_line(request.name, "name", 255));
  if (request.bytes && *request.bytes < 0) return fail(ErrorKind::invalid, "bytes: is below 0");
  if (request.bytes && *request.bytes > Uploads::kBytesMax) return too_large();
  if (!request.sha256.empty() && !parse_sha256(request.sha256))
    return fail(ErrorKind::invalid, "sha256: expected 64 hexadecimal digits");
  return {};
}

}  // namespace

Result<Upload> Uploads::begin(const UploadRequest& request) {
  ORIEL_TRY(check_request(request));
  const auto now = clock_.now();
  const Row row{make_id(now), request.name, request.bytes, request.sha256};
  ORIEL_TRY(database_.write_durable([&](store::Session& session) -> Result<void> {
    std::int64_t count = 0;
    ORIEL_TRY(session.query("SELECT count(*) FROM upload WHERE account = $1", {request.account},
                            [&](const store::Row& r) { count = r.integer(0); }));
    if (count >= kPerAccountMax)
      return fail(ErrorKind::exhausted, "you have 100 uploads under way: finish or cancel some");
    const store::Value bytes = row.bytes ? store::Value(*row.bytes) : store::Value(nullptr);
    ORIEL_TRY(
        session.execute("INSERT INTO upload (id, account, name, bytes, sha256, made_us,"
                        " seen_us) VALUES ($1, $2, $3, $4, $5, $6, $7)",
                        {row.id, request.account, row.name, bytes, row.sha256, now.us, now.us}));
    return {};
  }));
  if (auto staged = shelf_.objects().stage(row.id); !staged) {
    ORIEL_TRY(drop(row.id));
    return fail(std::move(staged).error());
  }
  return Upload{row.id, row.name, 0, row.bytes, now + kLifetime};
}

Result<Uploads::Row> Uploads::load_row(const std::string& id, const std::string& account) {
  Result<Row> found = fail(ErrorKind::not_found, "there is no such upload");
  ORIEL_TRY(database_.read([&](store::Session& session) {
    return session.query(
        "SELECT id, name, bytes, sha256 FROM upload WHERE id = $1 AND account = $2", {id, account},
        [&](const store::Row& row) {
          std::optional<std::int64_t> bytes;
          if (!row.is_null(2)) bytes = row.integer(2);
          found = Row{row.text(0), row.text(1), bytes, row.text(3)};
        });
  }));
  return found;
}

Result<Upload> Uploads::load(const std::string& id, const std::string& account) {
  ORIEL_TRY_ASSIGN(const auto row, load_row(id, account));
  ORIEL_TRY_ASSIGN(const auto staged, shelf_.objects().staged_bytes(id));
  return seen(row, static_cast<std::int64_t>(staged));
}

Result<Upload> Uploads::seen(const Row& row, std::int64_t received) {
  const auto now = clock_.now();
  ORIEL_TRY(database_.write([&](store::Session& session) -> Result<void> {
    ORIEL_TRY(session.execute("UPDATE upload SET seen_us = $2 WHERE id = $1", {row.id, now.us}));
    return {};
  }));
  return Upload{row.id, row.name, received, row.bytes, now + kLifetime};
}

Result<Upload> Uploads::append(const std::string& id, const std::string& account,
                               std::int64_t offset, ByteView bytes) {
  ORIEL_TRY_ASSIGN(const auto row, load_row(id, account));
  if (offset < 0) return fail(ErrorKind::invalid, "the offset is below 0");
  const auto end = offset + static_cast<std::int64_t>(bytes.size());
  if (row.bytes && end > *row.bytes) {
    return fail(ErrorKind::invalid,
                "more than the " + std::to_string(*row.bytes) + " bytes that were said to come");
  }
  if (end > kBytesMax) return too_large();
  ORIEL_TRY_ASSIGN(const auto staged,
                   shelf_.objects().append(id, static_cast<std::uint64_t>(offset), bytes));
  return seen(row, static_cast<std::int64_t>(staged));
}

Result<File> Uploads::finish(const std::string& id, const std::string& account) {
  ORIEL_TRY_ASSIGN(const auto row, load_row(id, account));
  ORIEL_TRY_ASSIGN(const auto staged, shelf_.objects().staged_bytes(id));
  if (row.bytes && static_cast<std::int64_t>(staged) != *row.bytes) {
    return fail(ErrorKind::conflict,
                std::to_string(staged) + " of " + std::to_string(*row.bytes) + " bytes are here");
  }
  auto file = shelf_.keep(id, parse_sha256(row.sha256), account);
  // What is wrong with the bytes stays wrong.
  const bool over = file || file.error().kind == ErrorKind::invalid ||
                    file.error().kind == ErrorKind::unsupported;
  if (over) {
    ORIEL_TRY(shelf_.objects().discard(id));
    ORIEL_TRY(drop(id));
  }
  return file;
}

Result<void> Uploads::cancel(const std::string& id, const std::string& account) {
  ORIEL_TRY(load_row(id, account));
  ORIEL_TRY(shelf_.objects().discard(id));
  return drop(id);
}

Result<void> Uploads::drop(const std::string& id) {
  return database_.write([&](store::Session& session) -> Result<void> {
    ORIEL_TRY(session.execute("DELETE FROM upload WHERE id = $1", {id}));
    return {};
  });
}

Result<std::int64_t> Uploads::expire() {
  // Listed first: an upload that begins meanwhile has its row before it is staged.
  ORIEL_TRY_ASSIGN(const auto staged, shelf_.objects().list_staged());
  std::set<std::string> alive;
  std::vector<std::string> over;
  const auto since = (clock_.now() - kLifetime).us;
  ORIEL_TRY(database_.read([&](store::Session& session) {
    alive.clear();
    over.clear();
    return session.query("SELECT id, seen_us FROM upload", {}, [&](const store::Row& row) {
      if (row.integer(1) < since)
        over.push_back(row.text(0));
      else
        alive.insert(row.text(0));
    });
  }));
  for (const auto& id : over) {
    ORIEL_TRY(shelf_.objects().discard(id));
    ORIEL_TRY(drop(id));
    alive.insert(id);
  }
  std::set<std::string> strays;
  for (const auto& name : staged) {
    if (alive.contains(name)) continue;
    if (strays_.contains(name))
      ORIEL_TRY(shelf_.objects().discard(name));
    else
      strays.insert(name);
  }
  strays_ = std::move(strays);
  if (!over.empty()) log::info("{} abandoned uploads removed", over.size());
  return static_cast<std::int64_t>(over.size());
}

}  // namespace oriel::commons

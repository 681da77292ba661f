#include "commons/shelf.h"

#include <algorithm>
#include <vector>

#include "base/hex.h"
#include "base/log.h"
#include "commons/catalogue.h"
#include "commons/file_type.h"
#include "commons/rows.h"

namespace oriel::commons {

namespace {

// An SVG is read whole to see that it holds no script; larger ones are no drawings.
constexpr std::size_t kSvgBytesMax = std::size_t{20} << 20U;
constexpr std::int64_t kTidyBatch = 500;
constexpr std::size_t kFilesAQuestion = 500;
constexpr std::string_view kFileColumns =
    "SELECT sha256, bytes, type, width, height, duration_ms, added_us FROM file";

// A script, or what runs one: elements, handlers, addresses. Words in a text may be taken for one;
// that is the safe side.
bool holds_script(std::string svg) {
  for (char& c : svg)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  for (const auto* word : {"<script", ":script", "javascript:", "<foreignobject", ":foreignobject",
                           "<!entity", "<iframe", "<embed", "<object", "data:text/html"})
    if (svg.find(word) != std::string::npos) return true;
  // onload=, onclick=: an attribute whose name begins with "on".
  for (auto at = svg.find("on"); at != std::string::npos; at = svg.find("on", at + 2)) {
    if (at == 0 || std::string_view(" \t\r\n/\"'").find(svg[at - 1]) == std::string_view::npos)
      continue;
    auto end = at;
    while (end < svg.size() && svg[end] >= 'a' && svg[end] <= 'z') ++end;
    while (end < svg.size() && std::string_view(" \t\r\n").find(svg[end]) != std::string_view::npos)
      ++end;
    if (end < svg.size() && svg[end] == '=') return true;
  }
  return false;
}

Result<void> check_harmless(store::ObjectStore& objects, const std::string& staged,
                            const std::string& type) {
  if (type == "text/html" || type == "application/x-executable") {
    return fail(ErrorKind::unsupported,
                "a file of the type " + type + " is not taken: it could run a program");
  }
  if (type != "image/svg+xml") return {};
  ORIEL_TRY_ASSIGN(const auto bytes, objects.staged_head(staged, kSvgBytesMax + 1));
  if (bytes.size() > kSvgBytesMax) return fail(ErrorKind::unsupported, "an SVG has at most 20 MiB");
  if (holds_script(std::string(as_text(bytes))))
    return fail(ErrorKind::unsupported, "an SVG with a script in it is not taken");
  return {};
}

File file_of(const store::Row& row) {
  const auto number = [&](int column) -> std::optional<std::int64_t> {
    if (row.is_null(column)) return std::nullopt;
    return row.integer(column);
  };
  return {row.text(0), row.integer(1),         row.text(2), number(3), number(4),
          number(5),   UtcTime{row.integer(6)}};
}

store::Value value_of(const std::optional<std::int64_t>& number) {
  return number ? store::Value(*number) : store::Value(nullptr);
}

}  // namespace

Result<void> add_file(store::Session& session, const File& file, const std::string& account) {
  ORIEL_TRY(session.execute(
      "INSERT INTO file (sha256, bytes, type, width, height, duration_ms, added_us, added_by)"
      " VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (sha256) DO UPDATE SET added_us ="
      " excluded.added_us",
      {file.sha256, file.bytes, file.type, value_of(file.width), value_of(file.height),
       value_of(file.duration_ms), file.added_at.us, account}));
  return {};
}

Result<File> load_file(store::Session& session, const std::string& sha256) {
  Result<File> found = fail(ErrorKind::not_found, "there is no such file");
  ORIEL_TRY(session.query(std::string(kFileColumns) + " WHERE sha256 = $1", {sha256},
                          [&](const store::Row& row) { found = file_of(row); }));
  return found;
}

Result<File> Shelf::keep(const std::string& staged, const std::optional<Sha256Digest>& expected,
                         const std::string& account) {
  ORIEL_TRY_ASSIGN(const auto head, objects_.staged_head(staged, kTypeHeadBytes));
  File file;
  file.type = file_type(head);
  if (auto harmless = check_harmless(objects_, staged, file.type); !harmless) {
    ORIEL_TRY(objects_.discard(staged));
    return fail(std::move(harmless).error());
  }
  ORIEL_TRY(objects_.sum_up(staged));
  const std::scoped_lock lock(mutex_);
  ORIEL_TRY_ASSIGN(const auto object, objects_.keep(staged, expected));
  file.sha256 = format_hex(object.sha256);
  file.bytes = static_cast<std::int64_t>(object.bytes);
  file.added_at = clock_.now();
  ORIEL_TRY(database_.write_durable([&](store::Session& session) -> Result<void> {
    ORIEL_TRY(add_file(session, file, account));
    ORIEL_TRY_ASSIGN(file, load_file(session, file.sha256));
    return {};
  }));
  return file;
}

Result<File> Shelf::load(const std::string& sha256) const {
  File file;
  ORIEL_TRY(database_.read([&](store::Session& session) -> Result<void> {
    ORIEL_TRY_ASSIGN(file, load_file(session, sha256));
    return {};
  }));
  return file;
}

Result<std::map<std::string, File>> Shelf::load_all(const std::vector<std::string>& sha256s) const {
  std::map<std::string, File> found;
  for (std::size_t at = 0; at < sha256s.size(); at += kFilesAQuestion) {
    const auto end = std::min(sha256s.size(), at + kFilesAQuestion);
    std::string sql = std::string(kFileColumns) + " WHERE sha256 IN (";
    store::Values values;
    for (auto n = at; n < end; ++n) {
      values.emplace_back(sha256s[n]);
      sql += (n == at ? "$" : ", $") + std::to_string(values.size());
    }
    ORIEL_TRY(database_.read([&](store::Session& session) {
      return session.query(sql + ")", values, [&](const store::Row& row) {
        auto file = file_of(row);
        found.insert_or_assign(file.sha256, std::move(file));
      });
    }));
  }
  return found;
}

Result<std::int64_t> Shelf::bytes_of(const std::string& account) const {
  std::int64_t bytes = 0;
  ORIEL_TRY(database_.read([&](store::Session& session) {
    return session.query(
        "SELECT (SELECT COALESCE(SUM(bytes), 0) FROM file WHERE added_by = $1)"
        " + (SELECT COALESCE(SUM(bytes), 0) FROM upload WHERE account = $1)",
        {account}, [&](const store::Row& row) { bytes = row.integer(0); });
  }));
  return bytes;
}

Result<void> Shelf::check_room(const std::string& account, std::int64_t bytes) const {
  ORIEL_TRY_ASSIGN(const auto kept, bytes_of(account));
  if (bytes < kAccountBytesMax - kept) return {};
  return fail(ErrorKind::denied,
              "your files would have more than 100 GiB: ask a curator, or take some away");
}

Result<void> Shelf::set_dimensions(const std::string& sha256, const FileDimensions& found) {
  return database_.write([&](store::Session& session) -> Result<void> {
    ORIEL_TRY(session.execute(
        "UPDATE file SET width = $2, height = $3, duration_ms = $4 WHERE sha256 = $1",
        {sha256, value_of(found.width), value_of(found.height), value_of(found.duration_ms)}));
    return {};
  });
}

Result<std::vector<File>> Shelf::list_undescribed(UtcTime after, std::int64_t count_max) const {
  std::vector<File> files;
  ORIEL_TRY(database_.read([&](store::Session& session) {
    files.clear();
    return session.query(std::string(kFileColumns) +
                             " WHERE added_us > $1 AND width IS NULL AND duration_ms IS NULL AND"
                             " (type LIKE 'image/%' OR type LIKE 'video/%' OR type LIKE 'audio/%')"
                             " ORDER BY added_us LIMIT $2",
                         {after.us, count_max},
                         [&](const store::Row& row) { files.push_back(file_of(row)); });
  }));
  return files;
}

Result<void> Shelf::remove(const std::string& sha256, std::int64_t& removed) {
  const std::scoped_lock lock(mutex_);
  std::int64_t rows = 0;
  // Asked again: a Work may name it by now.
  ORIEL_TRY(database_.write_durable([&](store::Session& session) -> Result<void> {
    ORIEL_TRY_ASSIGN(
        rows, session.execute(
                  "DELETE FROM file WHERE sha256 = $1 AND added_us < $2 AND NOT"
                  " EXISTS (SELECT 1 FROM work_link WHERE target = $1 AND"
                  " relation = $3)",
                  {sha256, (clock_.now() - kGrace).us, static_cast<std::int64_t>(Relation::file)}));
    return {};
  }));
  if (rows == 0) return {};
  ++removed;
  return objects_.remove(*parse_sha256(sha256));
}

Result<Shelf::Tidied> Shelf::tidy() {
  Tidied tidied;
  std::vector<std::string> unnamed;
  ORIEL_TRY(database_.read([&](store::Session& session) {
    unnamed.clear();
    return session.query(
        "SELECT sha256 FROM file WHERE added_us < $1 AND NOT EXISTS (SELECT 1 FROM work_link"
        " WHERE target = file.sha256 AND relation = $2) ORDER BY added_us LIMIT $3",
        {(clock_.now() - kGrace).us, static_cast<std::int64_t>(Relation::file), kTidyBatch},
        [&](const store::Row& row) { unnamed.push_back(row.text(0)); });
  }));
  for (const auto& sha256 : unnamed) ORIEL_TRY(remove(sha256, tidied.files));
  ORIEL_TRY_ASSIGN(const auto objects, objects_.list());
  for (const auto& object : objects) {
    const std::scoped_lock lock(mutex_);
    const auto row = load(format_hex(object));
    if (row || row.error().kind != ErrorKind::not_found) continue;
    ORIEL_TRY(objects_.remove(object));
    ++tidied.objects;
  }
  if (tidied.files + tidied.objects > 0)
    log::info("files: {} that no Work names and {} without a row removed", tidied.files,
              tidied.objects);
  return tidied;
}

}  // namespace oriel::commons

// Many Works at once, from a table.
//
// A table is first looked at whole, and what is wrong is told row by row; only one without a fault
// is taken, as drafts, in batches, so that what records waits no longer than a batch. Each import
// has a number, and can be undone as a whole: drafts that nobody touched since go.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <boost/describe/class.hpp>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "commons/catalogue.h"
#include "commons/csv.h"
#include "commons/shelf.h"
#include "store/database.h"

namespace oriel::commons {

// How a table is read. `columns` says what each column is, by its heading:
//   kind, licence, credit, date, place.latitude, place.longitude, audience.from, audience.to,
//   title.{language}, about.{language}, identifiers.{scheme}, makers.{role}, languages, terms
// The last three and the makers may hold several, apart by "|". A heading that is not named here is
// passed over. `defaults` is a Work's content for what a row leaves out.
struct ImportPlan {
  std::string file;  // SHA-256 of the table on the shelf
  TextEncoding encoding = TextEncoding::utf_8;
  std::map<std::string, std::string> columns;
  json::value defaults = json::object{};
};
BOOST_DESCRIBE_STRUCT(ImportPlan, (), (file, encoding, columns, defaults))

struct RowFault {
  std::int64_t line = 0;
  std::string message;
};
BOOST_DESCRIBE_STRUCT(RowFault, (), (line, message))

struct ImportReport {
  std::int64_t rows = 0;
  std::int64_t faulty = 0;
  std::vector<RowFault> faults;          // the first kFaultsMax
  std::vector<std::string> passed_over;  // headings that no column is for
};
BOOST_DESCRIBE_STRUCT(ImportReport, (), (rows, faulty, faults, passed_over))

struct Import {
  std::string id;
  std::string made_by;
  UtcTime made_at;
  std::int64_t works = 0;
  std::optional<UtcTime> undone_at;
};
BOOST_DESCRIBE_STRUCT(Import, (), (id, made_by, made_at, works, undone_at))

struct Undone {
  std::int64_t removed = 0;
  std::vector<std::string> kept;  // Works that were changed since
};
BOOST_DESCRIBE_STRUCT(Undone, (), (removed, kept))

// Thread-safe. Every call blocks, for as long as the table is.
class Importer {
 public:
  static constexpr std::size_t kFaultsMax = 500;

  // All must outlive it.
  Importer(store::Database& database, Shelf& shelf, const Clock& clock)
      : database_(database), shelf_(shelf), clock_(clock) {}

  // What would come of it; nothing is written. Errors: invalid (the plan, or not a table),
  // not_found (the file).
  Result<ImportReport> check(const ImportPlan& plan);
  // Errors: as check(); invalid also when a row is at fault. After an error of the database the
  // import is there as far as it came: undo it.
  Result<Import> run(const ImportPlan& plan, const std::string& account);
  // Newest first.
  Result<std::vector<Import>> list();
  // Errors: not_found, conflict (it is undone).
  Result<Undone> undo(const std::string& id, const std::string& account);

 private:
  store::Database& database_;
  Shelf& shelf_;
  const Clock& clock_;
};

}  // namespace oriel::commons

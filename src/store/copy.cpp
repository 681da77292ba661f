#include "store/copy.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

namespace oriel::store {

namespace {

// Of both back ends: SQLite takes 32,766 values in a statement.
constexpr std::size_t kValuesMax = 30'000;
constexpr std::size_t kRowsAStatement = 200;
constexpr std::int64_t kRowsATransaction = 4'000;

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  constexpr std::string_view kBetween = " \n\t(),";
  for (auto at = text.find_first_not_of(kBetween); at != text.npos;) {
    const auto end = std::min(text.find_first_of(kBetween, at), text.size());
    words.push_back(text.substr(at, end - at));
    at = text.find_first_not_of(kBetween, end);
  }
  return words;
}

// "a INTEGER, PRIMARY KEY (a, b)" at its outer commas.
std::vector<std::string_view> parts_of(std::string_view list) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  int depth = 0;
  for (std::size_t at = 0; at < list.size(); ++at) {
    if (list[at] == '(') ++depth;
    if (list[at] == ')') --depth;
    if (list[at] != ',' || depth > 0) continue;
    parts.push_back(list.substr(begin, at - begin));
    begin = at + 1;
  }
  parts.push_back(list.substr(begin));
  return parts;
}

ColumnKind kind_of(std::string_view type) {
  if (type == "REAL") return ColumnKind::real;
  if (type == "TEXT") return ColumnKind::text;
  if (type == "BLOB") return ColumnKind::blob;
  return ColumnKind::integer;
}

void add_column(TableShape& table, std::string_view part) {
  const auto words = words_of(part);
  if (words.size() < 2) return;
  if (words[0] == "PRIMARY") {
    for (std::size_t n = 2; n < words.size(); ++n) table.key.emplace_back(words[n]);
    return;
  }
  if (words[0] == "UNIQUE" || words[0] == "FOREIGN" || words[0] == "CHECK") return;
  table.columns.push_back({std::string(words[0]), kind_of(words[1])});
  if (part.find(" PRIMARY KEY") == part.npos) return;
  table.key.emplace_back(words[0]);
  table.numbered = words[1] == "INTEGER";
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::string columns_of(const TableShape& table) {
  std::vector<std::string> names;
  for (const auto& column : table.columns) names.push_back(column.name);
  return joined(names);
}

Value value_at(const Row& row, int column, ColumnKind kind) {
  if (row.is_null(column)) return nullptr;
  switch (kind) {
    case ColumnKind::integer:
      return row.integer(column);
    case ColumnKind::real:
      return row.real(column);
    case ColumnKind::text:
      return row.text(column);
    case ColumnKind::blob:
      return row.blob(column);
  }
  return nullptr;
}

Result<std::int64_t> count(Database& database, const TableShape& table) {
  std::int64_t rows = 0;
  ORIEL_TRY(database.read([&](Session& session) {
    return session.query("SELECT COUNT(*) FROM " + table.name, {},
                         [&](const Row& row) { rows = row.integer(0); });
  }));
  return rows;
}

class TableCopy {
 public:
  TableCopy(Database& from, Database& to, const TableShape& table)
      : from_(from), to_(to), table_(table) {
    for (const auto& name : table.key)
      for (std::size_t n = 0; n < table.columns.size(); ++n)
        if (table.columns[n].name == name) key_columns_.push_back(n);
  }

  // How many rows of the next transaction were copied; 0: all are.
  Result<std::int64_t> step() {
    ORIEL_TRY(load());
    if (rows_.empty()) return std::int64_t{0};
    ORIEL_TRY(to_.write([&](Session& session) -> Result<void> {
      const auto most =
          std::min(kRowsAStatement, std::max<std::size_t>(kValuesMax / table_.columns.size(), 1));
      for (std::size_t at = 0; at < rows_.size(); at += most)
        ORIEL_TRY(insert(session, at, std::min(most, rows_.size() - at)));
      return {};
    }));
    after_.clear();
    for (const auto column : key_columns_) after_.push_back(rows_.back()[column]);
    return static_cast<std::int64_t>(rows_.size());
  }

 private:
  Result<void> load() {
    std::string sql = "SELECT " + columns_of(table_) + " FROM " + table_.name;
    if (!after_.empty()) {
      sql += " WHERE (" + joined(table_.key) + ") > (";
      for (std::size_t n = 1; n <= after_.size(); ++n)
        sql += (n == 1 ? "$" : ", $") + std::to_string(n);
      sql += ")";
    }
    sql += " ORDER BY " + joined(table_.key) + " LIMIT " + std::to_string(kRowsATransaction);
    return from_.read([&](Session& session) {
      rows_.clear();
      return session.query(sql, after_, [&](const Row& row) {
        auto& values = rows_.emplace_back();
        for (std::size_t n = 0; n < table_.columns.size(); ++n)
          values.push_back(value_at(row, static_cast<int>(n), table_.columns[n].kind));
      });
    });
  }

  Result<void> insert(Session& session, std::size_t first, std::size_t rows) {
    std::string sql = "INSERT INTO " + table_.name + " (" + columns_of(table_) + ") VALUES ";
    Values values;
    for (std::size_t row = 0; row < rows; ++row) {
      sql += row == 0 ? "(" : ", (";
      for (std::size_t n = 0; n < table_.columns.size(); ++n) {
        values.push_back(rows_[first + row][n]);
        sql += (n == 0 ? "$" : ", $") + std::to_string(values.size());
      }
      sql += ")";
    }
    ORIEL_TRY(session.execute(sql, values));
    return {};
  }

  Database& from_;
  Database& to_;
  const TableShape& table_;
  std::vector<std::size_t> key_columns_;
  std::vector<Values> rows_;
  Values after_;  // the key of the last row that was copied
};

// The numbers that the database gives go on behind those that were copied.
Result<void> go_on_counting(Database& to, const TableShape& table) {
  return to.write([&](Session& session) -> Result<void> {
    std::int64_t last = 0;
    ORIEL_TRY(session.query("SELECT MAX(" + table.key.front() + ") FROM " + table.name, {},
                            [&](const Row& row) { last = row.integer(0); }));
    ORIEL_TRY(session.execute("ALTER TABLE " + table.name + " ALTER COLUMN " + table.key.front() +
                              " RESTART WITH " + std::to_string(last + 1)));
    return {};
  });
}

}  // namespace

std::vector<TableShape> shapes_of(const std::vector<Migration>& steps) {
  std::vector<TableShape> tables;
  for (const auto& step : steps) {
    for (const std::string_view statement : step.statements) {
      const auto words = words_of(statement);
      if (statement.starts_with("CREATE TABLE ")) {
        auto& table = tables.emplace_back();
        table.name = words[2];
        const auto begin = statement.find('(') + 1;
        for (const auto part : parts_of(statement.substr(begin, statement.rfind(')') - begin)))
          add_column(table, part);
      } else if (statement.starts_with("ALTER TABLE ") && words.size() > 5) {
        const auto table = std::find_if(tables.begin(), tables.end(),
                                        [&](const auto& each) { return each.name == words[2]; });
        if (table != tables.end() && words[3] == "ADD" && words[4] == "COLUMN")
          table->columns.push_back(
              {std::string(words[5]), kind_of(words.size() > 6 ? words[6] : "")});
      } else if (statement.starts_with("DROP TABLE ")) {
        std::erase_if(tables, [&](const auto& each) { return each.name == words[2]; });
      }
    }
  }
  return tables;
}

Result<CopyReport> copy_database(Database& from, Database& to, Backend to_backend,
                                 const std::function<void(const CopyProgress&)>& progress) {
  const auto tables = shapes_of(migrations());
  for (const auto& table : tables) {
    ORIEL_TRY_ASSIGN(const auto rows, count(to, table));
    if (rows > 0)
      return fail(ErrorKind::conflict,
                  "the target is not empty: its table " + table.name + " has " +
                      std::to_string(rows) +
                      " rows, of another database or of a copy that was broken off; begin with"
                      " an empty one");
  }
  CopyReport report;
  for (const auto& table : tables) {
    CopyProgress at{table.name, 0, 0};
    ORIEL_TRY_ASSIGN(at.total, count(from, table));
    TableCopy copy(from, to, table);
    for (std::int64_t rows = 1; rows > 0;) {
      ORIEL_TRY_ASSIGN(rows, copy.step());
      at.copied += rows;
      if (rows > 0 && progress) progress(at);
    }
    if (to_backend == Backend::postgresql && table.numbered && table.name != "recording")
      ORIEL_TRY(go_on_counting(to, table));
    ORIEL_TRY_ASSIGN(const auto there, count(to, table));
    ORIEL_TRY_ASSIGN(at.total, count(from, table));
    if (there != at.total)
      return fail(ErrorKind::data_loss, "table " + table.name + ": " + std::to_string(at.total) +
                                            " rows, and " + std::to_string(there) +
                                            " were copied: is the program running?");
    ++report.tables;
    report.rows += there;
  }
  return report;
}

}  // namespace oriel::store

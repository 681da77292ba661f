#include "commons/import.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <utility>

#include "base/log.h"
#include "base/sha256.h"
#include "commons/ids.h"
#include "commons/rows.h"

namespace oriel::commons {

namespace {

constexpr std::size_t kBatch = 200;

tl::unexpected<Error> wrong(const std::string& what) { return fail(ErrorKind::invalid, what); }

// Puts a cell into a Work.
using Setter = std::function<Result<void>(WorkContent&, const std::string& cell)>;

std::vector<std::string> several(const std::string& cell) {
  std::vector<std::string> items;
  std::size_t begin = 0;
  while (begin <= cell.size()) {
    const auto end = std::min(cell.find('|', begin), cell.size());
    auto item = cell.substr(begin, end - begin);
    item.erase(0, item.find_first_not_of(" \t"));
    item.erase(item.find_last_not_of(" \t") + 1);
    if (!item.empty()) items.push_back(std::move(item));
    begin = end + 1;
  }
  return items;
}

template <class Number>
Result<Number> number_of(const std::string& cell, const std::string& target) {
  Number number{};
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), number);
  if (error != std::errc() || end != cell.data() + cell.size())
    return wrong(target + ": \"" + cell.substr(0, 40) + "\" is not a number");
  return number;
}

Setter place_setter(const std::string& target, double WorkPlace::*member) {
  return [target, member](WorkContent& work, const std::string& cell) -> Result<void> {
    ORIEL_TRY_ASSIGN(const auto degrees, number_of<double>(cell, target));
    if (!work.place) work.place = WorkPlace{};
    (*work.place).*member = degrees;
    return {};
  };
}

Setter ages_setter(const std::string& target, std::int64_t Ages::*member) {
  return [target, member](WorkContent& work, const std::string& cell) -> Result<void> {
    ORIEL_TRY_ASSIGN(const auto years, number_of<std::int64_t>(cell, target));
    if (!work.audience) work.audience = Ages{};
    (*work.audience).*member = years;
    return {};
  };
}

Setter text_setter(std::string WorkContent::*member) {
  return [member](WorkContent& work, const std::string& cell) -> Result<void> {
    work.*member = cell;
    return {};
  };
}

Setter list_setter(std::vector<std::string> WorkContent::*member) {
  return [member](WorkContent& work, const std::string& cell) -> Result<void> {
    work.*member = several(cell);
    return {};
  };
}

template <class Map>
Setter map_setter(Map WorkContent::*member, const std::string& key) {
  return [member, key](WorkContent& work, const std::string& cell) -> Result<void> {
    (work.*member)[key] = cell;
    return {};
  };
}

Result<Setter> dotted_setter(const std::string& target) {
  const auto dot = target.find('.');
  const auto name = target.substr(0, dot);
  const auto key = dot == std::string::npos ? std::string() : target.substr(dot + 1);
  if (!key.empty()) {
    if (name == "title") return map_setter(&WorkContent::title, key);
    if (name == "about") return map_setter(&WorkContent::about, key);
    if (name == "identifiers") return map_setter(&WorkContent::identifiers, key);
    if (name == "makers") {
      return Setter([key](WorkContent& work, const std::string& cell) -> Result<void> {
        for (auto& person : several(cell)) work.makers.push_back({"", std::move(person), key});
        return {};
      });
    }
  }
  return wrong("columns: \"" + target + "\" is nothing that a Work has");
}

Result<Setter> setter_of(const std::string& target) {
  if (target == "kind") {
    return Setter([](WorkContent& work, const std::string& cell) -> Result<void> {
      ORIEL_TRY_ASSIGN(work.kind, from_json<WorkKind>(json::value(cell), "kind"));
      return {};
    });
  }
  if (target == "licence") return text_setter(&WorkContent::licence);
  if (target == "credit") return text_setter(&WorkContent::credit);
  if (target == "date") return text_setter(&WorkContent::date);
  if (target == "languages") return list_setter(&WorkContent::languages);
  if (target == "terms") return list_setter(&WorkContent::terms);
  if (target == "place.latitude") return place_setter(target, &WorkPlace::latitude);
  if (target == "place.longitude") return place_setter(target, &WorkPlace::longitude);
  if (target == "audience.from") return ages_setter(target, &Ages::from);
  if (target == "audience.to") return ages_setter(target, &Ages::to);
  return dotted_setter(target);
}

// A table with its plan, row by row.
class Table {
 public:
  static Result<std::unique_ptr<Table>> open(Shelf& shelf, const ImportPlan& plan) {
    const auto sha256 = parse_sha256(plan.file);
    if (!sha256) return wrong("file: is not a SHA-256");
    ORIEL_TRY(shelf.load(plan.file));
    std::unique_ptr<Table> table(new Table());
    ORIEL_TRY_ASSIGN(table->defaults_, from_partial_json<WorkContent>(plan.defaults, "defaults"));
    ORIEL_TRY_ASSIGN(table->object_, shelf.objects().open(*sha256));
    table->reader_ = std::make_unique<CsvReader>(
        [raw = table.get()](std::span<std::uint8_t> into) -> Result<std::size_t> {
          ORIEL_TRY_ASSIGN(const auto count, raw->object_->read(raw->at_, into));
          raw->at_ += count;
          return count;
        },
        plan.encoding);
    ORIEL_TRY(table->read_headings(plan));
    return table;
  }

  const std::vector<std::string>& passed_over() const { return passed_over_; }

  // A row of the table, or what is wrong with it.
  struct Row {
    std::int64_t line = 0;
    Result<WorkContent> content;
  };
  // Absent at the end. Errors: the table cannot be read on.
  Result<std::optional<Row>> next() {
    ORIEL_TRY_ASSIGN(const auto cells, reader_->next());
    if (!cells) return std::optional<Row>();
    return std::optional(Row{cells->line, content_of(*cells)});
  }

 private:
  Table() = default;

  Result<void> read_headings(const ImportPlan& plan) {
    ORIEL_TRY_ASSIGN(const auto headings, reader_->next());
    if (!headings) return wrong("the table is empty");
    std::size_t used = 0;
    for (const auto& heading : headings->fields) {
      const auto column = plan.columns.find(heading);
      if (column == plan.columns.end()) {
        setters_.emplace_back();
        passed_over_.push_back(heading);
        continue;
      }
      ORIEL_TRY_ASSIGN(auto setter, setter_of(column->second));
      setters_.push_back(std::move(setter));
      ++used;
    }
    if (used == plan.columns.size()) return {};
    for (const auto& [heading, target] : plan.columns) {
      const auto& found = headings->fields;
      if (std::find(found.begin(), found.end(), heading) == found.end())
        return wrong("columns: the table has no heading \"" + heading + "\"");
    }
    return wrong("columns: the table has a heading twice");
  }

  Result<WorkContent> content_of(const CsvRow& row) const {
    if (row.fields.size() != setters_.size()) {
      return wrong("has " + std::to_string(row.fields.size()) + " cells; the headings are " +
                   std::to_string(setters_.size()));
    }
    auto content = defaults_;
    for (std::size_t i = 0; i < setters_.size(); ++i)
      if (setters_[i] && !row.fields[i].empty()) ORIEL_TRY(setters_[i](content, row.fields[i]));
    ORIEL_TRY(commons::check(content));
    return content;
  }

  std::unique_ptr<store::ObjectReader> object_;
  std::uint64_t at_ = 0;
  std::unique_ptr<CsvReader> reader_;
  WorkContent defaults_;
  std::vector<Setter> setters_;  // by column; empty: passed over
  std::vector<std::string> passed_over_;
};

Result<std::vector<Table::Row>> next_batch(Table& table) {
  std::vector<Table::Row> rows;
  while (rows.size() < kBatch) {
    ORIEL_TRY_ASSIGN(auto row, table.next());
    if (!row) break;
    rows.push_back(std::move(*row));
  }
  return rows;
}

}  // namespace

Result<ImportReport> Importer::check(const ImportPlan& plan) {
  ORIEL_TRY_ASSIGN(const auto table, Table::open(shelf_, plan));
  ImportReport report;
  report.passed_over = table->passed_over();
  const auto blame = [&](std::int64_t line, const std::string& message) {
    if (report.faults.size() < kFaultsMax) report.faults.push_back({line, message});
    ++report.faulty;
  };
  while (true) {
    ORIEL_TRY_ASSIGN(auto rows, next_batch(*table));
    if (rows.empty()) return report;
    report.rows += static_cast<std::int64_t>(rows.size());
    ORIEL_TRY(database_.read([&](store::Session& session) -> Result<void> {
      for (auto& row : rows) {
        if (!row.content) continue;
        auto named = check_named(session, *row.content);
        if (!named && named.error().kind != ErrorKind::invalid) return named;
        if (!named) row.content = fail(std::move(named).error());
      }
      return {};
    }));
    for (const auto& row : rows)
      if (!row.content) blame(row.line, row.content.error().message);
  }
}

Result<Import> Importer::run(const ImportPlan& plan, const std::string& account) {
  ORIEL_TRY_ASSIGN(const auto report, check(plan));
  if (report.faulty > 0) {
    return wrong(std::to_string(report.faulty) + " rows are at fault, the first in line " +
                 std::to_string(report.faults.front().line) + ": " + report.faults.front().message);
  }
  if (report.rows == 0) return wrong("the table has no rows");
  ORIEL_TRY_ASSIGN(const auto table, Table::open(shelf_, plan));
  Import import{make_id(clock_.now()), account, clock_.now(), 0, std::nullopt};
  ORIEL_TRY(database_.write_durable([&](store::Session& session) -> Result<void> {
    ORIEL_TRY(session.execute(
        "INSERT INTO work_import (id, made_by, made_us, works) VALUES ($1, $2, $3, 0)",
        {import.id, account, import.made_at.us}));
    return {};
  }));
  while (true) {
    ORIEL_TRY_ASSIGN(const auto rows, next_batch(*table));
    if (rows.empty()) break;
    ORIEL_TRY(database_.write([&](store::Session& session) -> Result<void> {
      for (const auto& row : rows) {
        ORIEL_TRY(row.content);
        ORIEL_TRY(add_work(session, *row.content, {account, "imported", import.id}, clock_.now()));
      }
      ORIEL_TRY(session.execute("UPDATE work_import SET works = works + $2 WHERE id = $1",
                                {import.id, static_cast<std::int64_t>(rows.size())}));
      return {};
    }));
    import.works += static_cast<std::int64_t>(rows.size());
  }
  log::info("import {} by {}: {} Works", import.id, account, import.works);
  return import;
}

Result<std::vector<Import>> Importer::list() {
  std::vector<Import> imports;
  ORIEL_TRY(database_.read([&](store::Session& session) {
    imports.clear();
    return session.query(
        "SELECT id, made_by, made_us, works, undone_us FROM work_import ORDER BY id DESC LIMIT 200",
        {}, [&](const store::Row& row) {
          imports.push_back(
              {row.text(0), row.text(1), UtcTime{row.integer(2)}, row.integer(3), std::nullopt});
          if (!row.is_null(4)) imports.back().undone_at = UtcTime{row.integer(4)};
        });
  }));
  return imports;
}

Result<Undone> Importer::undo(const std::string& id, const std::string& account) {
  ORIEL_TRY(database_.write_durable([&](store::Session& session) -> Result<void> {
    ORIEL_TRY_ASSIGN(const bool there,
                     rows::exists(session, "SELECT 1 FROM work_import WHERE id = $1", {id}));
    if (!there) return fail(ErrorKind::not_found, "there is no such import");
    ORIEL_TRY(session.execute("UPDATE work_import SET undone_us = $2 WHERE id = $1",
                              {id, clock_.now().us}));
    return {};
  }));
  Undone undone;
  std::string after;
  while (true) {
    std::vector<std::pair<std::string, bool>> works;  // and whether nobody touched it
    ORIEL_TRY(database_.read([&](store::Session& session) {
      works.clear();
      return session.query(
          "SELECT id, version, state FROM work WHERE import_id = $1 AND id > $2 AND state <> $3"
          " ORDER BY id LIMIT $4",
          {id, after, static_cast<std::int64_t>(WorkState::deleted),
           static_cast<std::int64_t>(kBatch)},
          [&](const store::Row& row) {
            const bool untouched = row.integer(1) == 1 &&
                                   row.integer(2) == static_cast<std::int64_t>(WorkState::draft);
            works.emplace_back(row.text(0), untouched);
          });
    }));
    if (works.empty()) return undone;
    after = works.back().first;
    ORIEL_TRY(database_.write([&](store::Session& session) -> Result<void> {
      for (const auto& [work, untouched] : works)
        if (untouched)
          ORIEL_TRY(move_work(session, WorkId(work), 1, WorkState::deleted,
                              {account, "import undone"}, clock_.now()));
      return {};
    }));
    for (const auto& [work, untouched] : works) {
      if (untouched)
        ++undone.removed;
      else
        undone.kept.push_back(work);
    }
  }
}

}  // namespace oriel::commons

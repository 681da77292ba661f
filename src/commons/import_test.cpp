#include "commons/import.h"

#include <gtest/gtest.h>

#include "base/temp_folder.h"
#include "commons/csv.h"
#include "commons/testing.h"
#include "store/file_objects.h"

namespace oriel::commons {
namespace {

template <class T>
std::string refusal(const Result<T>& result) {
  EXPECT_FALSE(result);
  return result ? "" : result.error().message;
}

CsvReader reader_of(std::string text, TextEncoding encoding = TextEncoding::utf_8,
                    std::size_t piece = 3) {
  return CsvReader(
      [text = std::move(text), at = std::size_t{0},
       piece](std::span<std::uint8_t> into) mutable -> Result<std::size_t> {
        const auto count = std::min({piece, into.size(), text.size() - at});
        std::copy_n(text.begin() + static_cast<std::ptrdiff_t>(at), count, into.begin());
        at += count;
        return count;
      },
      encoding);
}

// Rows as "line: a|b" or the error.
std::vector<std::string> rows_of(CsvReader reader) {
  std::vector<std::string> rows;
  while (true) {
    const auto row = reader.next();
    if (!row) rows.push_back(row.error().message);
    if (!row || !*row) return rows;
    std::string text = std::to_string((*row)->line) + ":";
    for (const auto& field : (*row)->fields) text += " " + field + " |";
    rows.push_back(text);
  }
}

using Rows = std::vector<std::string>;

TEST(Csv, reads_quotes_line_ends_and_marks) {
  EXPECT_EQ(rows_of(reader_of("\xef\xbb\xbf"
                              "a,b\r\n1,\"x, \"\"y\"\"\nz\"\r\n\r\n,\n2,3",
                              TextEncoding::utf_8, 100)),
            (Rows{"1: a | b |", "2: 1 | x, \"y\"\nz |", "5:  |  |", "6: 2 | 3 |"}));
  EXPECT_EQ(rows_of(reader_of("a;b\n1;2\n", TextEncoding::utf_8, 100)),
            (Rows{"1: a | b |", "2: 1 | 2 |"}));
  EXPECT_EQ(rows_of(reader_of("a,b\n1,2\n")), (Rows{"1: a | b |", "2: 1 | 2 |"}));
  EXPECT_EQ(rows_of(reader_of("")), Rows{});
}

TEST(Csv, tells_where_it_is_broken) {
  const auto last = [](std::string text) { return rows_of(reader_of(std::move(text))).back(); };
  EXPECT_EQ(last("a\n\"never"), "line 2: a quote is not closed");
  EXPECT_EQ(last("a\n\"x\"y\n"), "line 2: something stands after a closing quote");
  EXPECT_NE(last("a\n\xff\xfe\n").find("line 2: the text is not UTF-8: save"), std::string::npos);
}

TEST(Csv, gbk_is_told_and_read_when_it_is_asked_for) {
  // 藏羚羊 in GBK.
  const std::string table = "a\n\xb2\xd8\xc1\xe7\xd1\xf2\n";
  const auto told = rows_of(reader_of(table)).back();
  EXPECT_NE(told.find("GBK (\"藏羚羊\")"), std::string::npos) << told;
  EXPECT_EQ(rows_of(reader_of(table, TextEncoding::gb18030)), (Rows{"1: a |", "2: 藏羚羊 |"}));
}

class ImportTest : public testing::Test {
 protected:
  static std::unique_ptr<store::ObjectStore> open_objects(const TempFolder& folder) {
    auto objects = store::open_file_objects({.folder = folder / "objects", .free_bytes_min = 0});
    EXPECT_TRUE(objects) << objects.error().message;
    return std::move(*objects);
  }
  ImportPlan plan(const std::string& table) {
    const auto name = "t" + std::to_string(++tables_);
    EXPECT_TRUE(objects_->stage(name));
    EXPECT_TRUE(objects_->append(name, 0, as_bytes(table)));
    const auto file = shelf_.keep(name, std::nullopt, "tashi");
    EXPECT_TRUE(file);
    ImportPlan plan;
    plan.file = file->sha256;
    plan.columns = {{"Title", "title.en"},
                    {"标题", "title.zh"},
                    {"Number", "identifiers.accession"},
                    {"Author", "makers.author"},
                    {"Age", "audience.from"}};
    plan.defaults = json::object{{"kind", "object"}};
    return plan;
  }
  std::size_t works() { return catalogue_.list_works(std::nullopt, {"", 1'000})->items.size(); }

  int tables_ = 0;
  TempFolder folder_;
  Metrics metrics_;
  ManualClock clock_{UtcTime{1'800'000'000'000'000}};
  std::unique_ptr<store::Database> database_ = open_database(folder_, metrics_);
  std::unique_ptr<store::ObjectStore> objects_ = open_objects(folder_);
  Shelf shelf_{*database_, *objects_, clock_};
  Catalogue catalogue_{*database_, clock_};
  Importer importer_{*database_, shelf_, clock_};
};

TEST_F(ImportTest, each_row_becomes_a_draft_and_undoing_takes_away_what_nobody_touched) {
  std::string table = "Title,标题,Number,Author,Age,Notes\n";
  for (int i = 0; i < 450; ++i)
    table += "Bowl " + std::to_string(i) + ",碗,QH-" + std::to_string(i) + ",Li | Wang,9,x\n";
  const auto wanted = plan(table);
  const auto report = importer_.check(wanted);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->rows, 450);
  EXPECT_EQ(report->faulty, 0);
  EXPECT_EQ(report->passed_over, std::vector<std::string>{"Notes"});
  EXPECT_EQ(works(), 0U);
  const auto import = importer_.run(wanted, "li");
  ASSERT_TRUE(import) << import.error().message;
  EXPECT_EQ(import->works, 450);
  EXPECT_EQ(works(), 450U);
  const auto work = catalogue_.list_works(WorkState::draft, {"", 1})->items.at(0);
  EXPECT_EQ(work.kind, WorkKind::object);
  EXPECT_EQ(work.title.at("zh"), "碗");
  ASSERT_EQ(work.makers.size(), 2U);
  EXPECT_EQ(work.makers[1].name, "Wang");
  EXPECT_EQ(work.audience->from, 9);
  auto content = static_cast<const WorkContent&>(work);
  content.credit = "Museum";
  ASSERT_TRUE(catalogue_.change_work(WorkId(work.id), 1, content, {"wang", ""}));
  const auto undone = importer_.undo(import->id, "li");
  ASSERT_TRUE(undone) << undone.error().message;
  EXPECT_EQ(undone->removed, 449);
  EXPECT_EQ(undone->kept, std::vector<std::string>{work.id});
  EXPECT_EQ(works(), 1U);
  EXPECT_TRUE(importer_.list()->at(0).undone_at);
}

TEST_F(ImportTest, what_is_wrong_is_told_by_row_and_nothing_is_written) {
  const auto wanted =
      plan("Title,标题,Number,Author,Age\nBowl,,1,,9\n,,2,,9\nCup,,3,,young\nJar\n");
  const auto report = importer_.check(wanted);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->rows, 4);
  ASSERT_EQ(report->faults.size(), 3U);
  EXPECT_EQ(report->faults[0].line, 3);
  EXPECT_TRUE(report->faults[0].message.starts_with("title")) << report->faults[0].message;
  EXPECT_EQ(report->faults[1].line, 4);
  EXPECT_EQ(report->faults[2].message, "has 1 cells; the headings are 5");
  EXPECT_TRUE(refusal(importer_.run(wanted, "li")).starts_with("3 rows are at fault"));
  EXPECT_EQ(works(), 0U);
  EXPECT_TRUE(importer_.list()->empty());
}

TEST_F(ImportTest, a_plan_that_does_not_fit_is_refused) {
  auto wanted = plan("Title,Age\nBowl,9\n");
  EXPECT_NE(refusal(importer_.check(wanted)).find("no heading"), std::string::npos);
  wanted.columns = {{"Title", "titel.en"}};
  EXPECT_NE(refusal(importer_.check(wanted)).find("titel.en"), std::string::npos);
  wanted.columns = {{"Title", "title.en"}};
  wanted.defaults = json::object{{"terms", json::array{"http://example.org/none"}}};
  const auto report = importer_.check(wanted);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->faulty, 1);
  wanted.file = std::string(64, 'f');
  EXPECT_NE(refusal(importer_.check(wanted)).find("no such file"), std::string::npos);
  EXPECT_NE(refusal(importer_.undo("nothing", "li")).find("no such import"), std::string::npos);
}

}  // namespace
}  // namespace oriel::commons

// A commons of made Works in a data folder as the program has it. Used by search.py:
//   commons_load import DATA WORKS    a table on the shelf, taken in by the importer
//   commons_load publish DATA         all drafts, as a curator would, in batches
//   commons_load rebuild DATA         the search index, from nothing
//   commons_load harvest DATA COUNT   all records, COUNT in an answer
// Each prints one JSON line.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "commons/catalogue.h"
#include "commons/first_terms.h"
#include "commons/import.h"
#include "commons/publications.h"
#include "commons/search_rebuild.h"
#include "commons/work_sets.h"
#include "exchange/oai.h"
#include "made_works.h"
#include "store/file_objects.h"

namespace {

using namespace oriel;
using namespace oriel::bench;
using namespace oriel::commons;

using Steady = std::chrono::steady_clock;

struct Open {
  explicit Open(const std::filesystem::path& data) {
    std::filesystem::create_directories(data / "objects");
    database = sure(store::open_database("sqlite:" + (data / "oriel.db").string(), metrics));
    objects = sure(store::open_file_objects({.folder = data / "objects"}));
    catalogue = std::make_unique<Catalogue>(*database, clock);
    shelf = std::make_unique<Shelf>(*database, *objects, clock);
  }
  SystemClock clock;
  Metrics metrics;
  std::unique_ptr<store::Database> database;
  std::unique_ptr<store::ObjectStore> objects;
  std::unique_ptr<Catalogue> catalogue;
  std::unique_ptr<Shelf> shelf;
};

void must(const Result<void>& done) {
  if (done) return;
  std::fprintf(stderr, "%s\n", done.error().message.c_str());
  std::exit(1);
}

std::string subject(int number) { return "https://subject.example/" + std::to_string(number); }

// Terms and institutions that the rows name.
std::vector<std::string> add_names(Open& open) {
  must(open.database->write([](store::Session& session) { return add_first_terms(session); }));
  for (int i = 0; i < 300; ++i)
    must(open.catalogue->put_term(
        {subject(i), TermScheme::subject, {{"en", "Subject " + std::to_string(i)}}, "", ""}));
  std::vector<std::string> parties;
  for (int i = 0; i < 20; ++i) {
    PartyContent content;
    content.name = {{"en", "House " + std::to_string(i)}};
    parties.push_back(sure(open.catalogue->add_party(content)).id);
  }
  return parties;
}

std::string make_table(std::size_t begin, std::size_t end, const std::vector<Script>& all) {
  static const char* const kKinds[] = {"clip", "still", "sound", "image", "book", "lesson"};
  std::string table;
  for (std::size_t i = begin; i < end; ++i) {
    std::mt19937_64 random(i);
    const auto& script = all[i % 4];
    const auto& other = all[i % 4 == 3 ? 0 : 3];
    // Latin and Chinese are in half of the rows each.
    table += std::to_string(i) + "," + kKinds[i % 6] + "," + script.language + ",";
    for (std::size_t n = 0; n < 4; ++n)
      table += (n == i % 4                          ? made_text(script, 6, random)
                : all[n].language == other.language ? made_text(other, 4, random)
                                                    : "") +
               ",";
    for (std::size_t n = 0; n < 4; ++n)
      table += (n == i % 4 ? made_text(script, 40, random) : "") + ",";
    table += subject(static_cast<int>(i % 300)) + "|http://metadata.un.org/sdg/" +
             std::to_string(1 + i % 17) + ",Li " + std::to_string(i % 5'000) + "," +
             std::to_string(5 + i % 12) + "\n";
  }
  return table;
}

// Staged in pieces, since it may have a gigabyte.
std::string put_table(Open& open, std::size_t works) {
  const auto all = scripts();
  must(open.objects->stage("table"));
  std::uint64_t at = 0;
  const auto append = [&](const std::string& text) {
    at = sure(open.objects->append("table", at, as_bytes(text)));
  };
  append("n,kind,language,t.en,t.ru,t.ar,t.zh,a.en,a.ru,a.ar,a.zh,terms,author,age\n");
  constexpr std::size_t kPiece = 5'000;
  for (std::size_t i = 0; i < works; i += kPiece)
    append(make_table(i, std::min(i + kPiece, works), all));
  return sure(open.shelf->keep("table", std::nullopt, "bench")).sha256;
}

void import_works(const std::string& data, std::size_t works) {
  std::filesystem::remove_all(data);
  Open open(data);
  const auto parties = add_names(open);
  ImportPlan plan;
  plan.file = put_table(open, works);
  plan.columns = {{"n", "identifiers.number"}, {"kind", "kind"},
                  {"language", "languages"},   {"terms", "terms"},
                  {"author", "makers.author"}, {"age", "audience.from"}};
  for (const char* language : {"en", "ru", "ar", "zh"}) {
    plan.columns[std::string("t.") + language] = std::string("title.") + language;
    plan.columns[std::string("a.") + language] = std::string("about.") + language;
  }
  plan.defaults = json::object{{"licence", "https://creativecommons.org/licenses/by/4.0/"},
                               {"stewards", json::array{json::value(parties[0])}}};
  Importer importer(*open.database, *open.shelf, open.clock);
  const auto start = Steady::now();
  sure(importer.run(plan, "bench"));
  std::printf("{\"works\": %zu, \"import_s\": %.1f}\n", works, seconds_since(start));
}

// As Catalogue::move_work leaves them, without the history: a curator's million clicks are not what
// is measured.
void publish(const std::string& data) {
  Open open(data);
  const auto start = Steady::now();
  std::int64_t change = 0;
  std::int64_t works = 0;
  while (true) {
    const auto batch = sure(open.catalogue->list_changed(change, 1'000));
    if (batch.empty()) break;
    change = batch.back().change;
    must(open.database->write([&](store::Session& session) -> Result<void> {
      for (auto work : batch) {
        work.state = WorkState::published;
        work.published_at = work.changed_at;
        ORIEL_TRY(
            session.execute("UPDATE work SET state = $2, published_us = $3 WHERE id = $1",
                            {work.id, static_cast<std::int64_t>(work.state), work.changed_at.us}));
        ORIEL_TRY(write_sets(session, work));
      }
      return {};
    }));
    works += static_cast<std::int64_t>(batch.size());
  }
  std::printf("{\"works\": %jd, \"publish_s\": %.1f}\n", static_cast<std::intmax_t>(works),
              seconds_since(start));
}

void rebuild(const std::string& data) {
  Open open(data);
  const auto start = Steady::now();
  const auto done = sure(rebuild_search(*open.catalogue, data + "/search"));
  std::printf("{\"documents\": %jd, \"rebuild_s\": %.1f}\n",
              static_cast<std::intmax_t>(done.documents), seconds_since(start));
}

double median(std::vector<double> times) {
  std::sort(times.begin(), times.end());
  return times.empty() ? 0 : times[times.size() / 2];
}

// Asks as a harvester does; what it takes to read the answers is not counted.
void harvest(const std::string& data, std::int64_t count) {
  Open open(data);
  const Publications publications(*open.database, open.clock);
  const exchange::OaiProvider provider(publications, open.clock, {.part_count = count});
  const exchange::OaiNode node{"Bench",
                               "https://window.example/oai",
                               "https://window.example/works/",
                               "https://window.example/files/",
                               "bench@window.example",
                               "window.example"};
  exchange::OaiArguments ask = {{"verb", "ListRecords"}, {"metadataPrefix", "oai_dc"}};
  std::vector<double> times;
  std::size_t bytes = 0;
  std::size_t records = 0;
  const auto start = Steady::now();
  while (true) {
    const auto begin = Steady::now();
    const auto xml = sure(provider.answer(node, ask, [](const Work&) { return true; }));
    times.push_back(seconds_since(begin) * 1e3);
    bytes += xml.size();
    for (auto at = xml.find("<record>"); at != std::string::npos; at = xml.find("<record>", at + 1))
      ++records;
    const auto end = xml.rfind("</resumptionToken>");
    if (end == std::string::npos) break;
    const auto token = xml.substr(xml.rfind('>', end - 1) + 1, end - xml.rfind('>', end - 1) - 1);
    if (token.empty()) break;
    ask = {{"verb", "ListRecords"}, {"resumptionToken", token}};
  }
  const double seconds = seconds_since(start);
  const auto pages = times.size();
  const auto few = static_cast<std::ptrdiff_t>(std::min<std::size_t>(100, (pages + 1) / 2));
  // The first counts the list, and fills the caches: the pages after it are compared.
  const std::vector<double> first(times.begin() + (few > 1 ? 1 : 0), times.begin() + few);
  const std::vector<double> last(times.end() - few, times.end() - (few > 1 ? 1 : 0));
  std::printf(
      "{\"records\": %zu, \"pages\": %zu, \"seconds\": %.1f, \"records_per_s\": %.0f, "
      "\"first_ms\": %.2f, \"page_1_ms\": %.2f, \"page_%zu_ms\": %.2f, \"bytes\": %zu}\n",
      records, pages, seconds, static_cast<double>(records) / seconds, times.front(), median(first),
      pages, median(last), bytes / std::max<std::size_t>(records, 1));
}

}  // namespace

int main(int argc, char** argv) {
  const std::string verb = argc > 2 ? argv[1] : "";
  if (verb == "import" && argc == 4)
    import_works(argv[2], std::strtoull(argv[3], nullptr, 10));
  else if (verb == "publish")
    publish(argv[2]);
  else if (verb == "rebuild")
    rebuild(argv[2]);
  else if (verb == "harvest" && argc == 4)
    harvest(argv[2], std::strtoll(argv[3], nullptr, 10));
  else
    return std::fprintf(stderr, "commons_load import|publish|rebuild|harvest DATA [COUNT]\n"), 2;
}

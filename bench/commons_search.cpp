// Fills a search index with made Works in four scripts and asks it. Used by search.py:
//   commons_search fill FOLDER WORKS      one JSON line: seconds, bytes
//   commons_search ask FOLDER ROUNDS      one JSON line a question: hits, median and p95 in ms
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "commons/search_index.h"
#include "made_works.h"

namespace {

using namespace oriel;
using namespace oriel::bench;
using namespace oriel::commons;

constexpr std::size_t kBatch = 10'000;

class Maker {
 public:
  SearchDocument make(std::size_t number, std::size_t works) {
    std::mt19937_64 random(number);
    SearchDocument document;
    document.id = "w" + std::to_string(number);
    // Latin and Chinese are in half of the Works each, so that a word of theirs can have a quarter.
    const Script& main = scripts_[number % 4];
    const Script& other = scripts_[number % 4 == 0   ? 3
                                   : number % 4 == 3 ? 0
                                   : number % 8 < 4  ? 0
                                                     : 3];
    document.texts.push_back({main.language, made_text(main, 6, random), true});
    document.texts.push_back({main.language, made_text(main, 40, random), false});
    document.texts.push_back({other.language, made_text(other, 6, random), true});
    const auto pick = [&](int count) {
      return std::to_string(std::uniform_int_distribution<int>(0, count - 1)(random));
    };
    auto& facets = document.facets;
    facets[Facet::kind] = {"kind" + pick(19)};
    facets[Facet::licence] = {"class" + pick(7)};
    facets[Facet::language] = {main.language, other.language};
    facets[Facet::sdg] = {"sdg" + pick(17), "sdg" + pick(17)};
    facets[Facet::subject] = {"subject" + pick(300)};
    facets[Facet::level] = {"level" + pick(8)};
    facets[Facet::place] = {"place" + pick(3'000)};
    facets[Facet::taxon] = {"taxon" + pick(5'000)};
    facets[Facet::institution] = {"house" + pick(200)};
    facets[Facet::age] = {"age" + pick(6), "age" + pick(6)};
    document.published = UtcTime::from_ms(1'700'000'000'000 +
                                          static_cast<std::int64_t>(number * 100'000'000 / works));
    return document;
  }

 private:
  std::vector<Script> scripts_ = scripts();
};

void fill(const std::string& folder, std::size_t works, const Clock& clock) {
  std::filesystem::remove_all(folder);
  const auto start = std::chrono::steady_clock::now();
  auto index = sure(SearchIndex::open(folder, clock));
  Maker maker;
  for (std::size_t done = 0; done < works;) {
    std::vector<SearchDocument> batch;
    for (; batch.size() < kBatch && done < works; ++done) batch.push_back(maker.make(done, works));
    const auto applied = index->apply(batch, {}, static_cast<std::int64_t>(done));
    if (!applied) std::fprintf(stderr, "%s\n", applied.error().message.c_str()), std::exit(1);
  }
  const double seconds = seconds_since(start);
  std::uintmax_t bytes = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder)) bytes += file.file_size();
  std::printf("{\"works\": %zu, \"fill_s\": %.1f, \"bytes\": %ju}\n", works, seconds, bytes);
}

void ask(const std::string& folder, int rounds, const Clock& clock) {
  const auto start = std::chrono::steady_clock::now();
  auto index = sure(SearchIndex::open(folder, clock));
  std::printf("{\"question\": \"open\", \"documents\": %jd, \"seconds\": %.2f}\n",
              static_cast<std::intmax_t>(index->documents()), seconds_since(start));
  struct Question {
    const char* name;
    const char* text;
    bool typing;
  };
  const Question questions[] = {
      {"everything", "", false},
      {"word, Latin", "snow", false},
      {"word, Chinese", "羚羊", false},
      {"two words, Latin", "snow leopard", false},
      {"two words, Chinese", "羚羊 青海湖", false},
      {"phrase, Latin", "\"snow leopard\"", false},
      {"phrase, Chinese", "\"羚羊青海湖\"", false},
      {"prefix, Latin", "leo", true},
      {"prefix, common letters", "sno", true},
      {"prefix, Chinese", "青海", true},
      {"pinyin", "lingyang", false},
      {"rare word", "stator", false},
  };
  for (const auto& question : questions) {
    SearchRequest request;
    request.text = question.text;
    request.typing = question.typing;
    std::vector<double> times;
    std::int64_t total = 0;
    for (int round = 0; round < rounds + 2; ++round) {
      const auto begin = std::chrono::steady_clock::now();
      total = sure(index->search(request)).total;
      if (round >= 2) times.push_back(seconds_since(begin) * 1e3);
    }
    std::sort(times.begin(), times.end());
    std::printf("{\"question\": \"%s\", \"hits\": %jd, \"median_ms\": %.2f, \"p95_ms\": %.2f}\n",
                question.name, static_cast<std::intmax_t>(total), times[times.size() / 2],
                times[times.size() * 95 / 100]);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const SystemClock clock;
  if (argc == 4 && std::string(argv[1]) == "fill")
    fill(argv[2], std::strtoull(argv[3], nullptr, 10), clock);
  else if (argc == 4 && std::string(argv[1]) == "ask")
    ask(argv[2], std::atoi(argv[3]), clock);
  else
    return std::fprintf(stderr, "commons_search fill FOLDER WORKS | ask FOLDER ROUNDS\n"), 2;
}

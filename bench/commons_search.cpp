// Fills a search index with made Works in four scripts and asks it. Used by search.py:
//   commons_search fill FOLDER WORKS      one JSON line: seconds, bytes
//   commons_search ask FOLDER ROUNDS      one JSON line a question: hits, median and p95 in ms
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "commons/search_index.h"

namespace {

using namespace oriel;
using namespace oriel::commons;

constexpr std::size_t kBatch = 10'000;

template <class T>
T sure(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().message.c_str());
    std::exit(1);
  }
  return std::move(*result);
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Words of a made language, most frequent first, drawn as in texts (Zipf).
class Words {
 public:
  Words(std::vector<std::string> syllables, std::size_t count, int length_min, int length_max,
        std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::uniform_int_distribution<std::size_t> any(0, syllables.size() - 1);
    std::uniform_int_distribution<int> length(length_min, length_max);
    double sum = 0;
    for (std::size_t i = 0; i < count; ++i) {
      std::string word;
      for (int n = length(random); n > 0; --n) word += syllables[any(random)];
      words_.push_back(std::move(word));
      sum += 1.0 / static_cast<double>(i + 8);
      sums_.push_back(sum);
    }
  }
  const std::string& draw(std::mt19937_64& random) const {
    std::uniform_real_distribution<double> any(0, sums_.back());
    const auto at = std::lower_bound(sums_.begin(), sums_.end(), any(random)) - sums_.begin();
    return words_[static_cast<std::size_t>(at)];
  }

 private:
  std::vector<std::string> words_;
  std::vector<double> sums_;
};

std::vector<std::string> han_characters() {
  std::vector<std::string> all;
  for (int i = 0; i < 3'000; ++i) {
    const int c = 0x4E00 + i * 6;
    all.push_back({static_cast<char>(0xE0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 0x3F)),
                   static_cast<char>(0x80 | (c & 0x3F))});
  }
  return all;
}

struct Script {
  std::string language;
  Words words;
  std::string between;
  // In about every second document of the script, i.e. a quarter of a million of a million where
  // two scripts of four... each is in `often` of the documents of its script.
  std::string often, also;
};

std::vector<Script> scripts() {
  std::vector<Script> all;
  all.push_back({"en",
                 Words({"ba",  "co", "den", "fir", "gal", "hum", "in",  "jo", "ker", "lan", "mo",
                        "nes", "or", "pel", "qua", "rin", "sta", "tor", "un", "ver", "wil"},
                       30'000, 2, 4, 1),
                 " ", "snow", "leopard"});
  all.push_back({"ru",
                 Words({"ба", "во", "гор", "дел", "жи", "зем", "ка", "лес", "мор", "нов", "по",
                        "рек", "сне", "тра", "хо"},
                       30'000, 2, 4, 2),
                 " ", "снег", "барс"});
  all.push_back({"ar",
                 Words({"با", "تم", "جر", "حس", "در", "رم", "سل", "شم", "طر", "عل", "فر", "قم"},
                       30'000, 2, 3, 3),
                 " ", "ثلج", "نمر"});
  all.push_back({"zh", Words(han_characters(), 30'000, 1, 3, 4), "", "羚羊", "青海湖"});
  return all;
}

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
    document.texts.push_back({main.language, text(main, 6, random), true});
    document.texts.push_back({main.language, text(main, 40, random), false});
    document.texts.push_back({other.language, text(other, 6, random), true});
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
  static std::string text(const Script& script, int words, std::mt19937_64& random) {
    std::string all;
    std::uniform_int_distribution<int> percent(0, 99);
    const auto add = [&](const std::string& word) {
      if (!all.empty()) all += script.between;
      all += word;
    };
    for (int i = 0; i < words; ++i) {
      add(script.words.draw(random));
      // The two frequent ones: about half of the texts have each, often side by side.
      if (i == words / 2 && percent(random) < 44) add(script.often);
      if (i == words / 2 && percent(random) < 44) add(script.also);
    }
    return all;
  }

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

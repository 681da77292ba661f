// Made texts in four scripts, for the benchmarks of the commons.
#pragma once
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "base/result.h"

namespace oriel::bench {

template <class T>
T sure(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().message.c_str());
    std::exit(1);
  }
  return std::move(*result);
}

inline double seconds_since(std::chrono::steady_clock::time_point start) {
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

inline std::vector<std::string> han_characters() {
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

inline std::vector<Script> scripts() {
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

inline std::string made_text(const Script& script, int words, std::mt19937_64& random) {
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

}  // namespace oriel::bench

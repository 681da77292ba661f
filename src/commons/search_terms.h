// How tokens become terms of the index: one letter for what it is, then the text.
//
//   Q id    W word    Z stem, where it is not the word    P word word: neighbours
//   C character    B character character: neighbours
//   E first one and two letters of a word: titles only
//
// Pinyin has no terms: a question in it becomes the characters that are said so.
#pragma once
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "commons/search_index.h"
#include "commons/search_text.h"

namespace oriel::commons::search_terms {

inline std::string of_id(const std::string& id) { return "Q" + id; }
inline std::string word(const std::string& text) { return "W" + text; }
inline std::string stem(const std::string& text) { return "Z" + text; }
inline std::string pair(const std::string& a, const std::string& b) { return "P" + a + " " + b; }
inline std::string character(const std::string& text) { return "C" + text; }
inline std::string gram(const std::string& a, const std::string& b) { return "B" + a + b; }
inline std::string beginning(const std::string& letters) { return "E" + letters; }

inline constexpr std::size_t kDocumentTokensMax = 20'000;
inline constexpr std::uint32_t kTitleWeight = 4;

// The first `count` characters of UTF-8 text, or all of it.
std::string first_characters(const std::string& text, std::size_t count);

struct DocumentTerms {
  std::unordered_map<std::string, std::uint32_t> weights;  // by term: how often, titles more
  std::vector<std::string> spelling;                       // the words of titles
  std::size_t tokens = 0;
};
DocumentTerms of(const SearchDocument& document);

}  // namespace oriel::commons::search_terms

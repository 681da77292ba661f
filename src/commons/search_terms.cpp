#include "commons/search_terms.h"

namespace oriel::commons::search_terms {
namespace {

constexpr std::size_t kSpellingBytesMin = 4;
constexpr std::size_t kSpellingBytesMax = 40;

void add_cjk(DocumentTerms& terms, const Token* before, const Token& token, bool title) {
  const std::uint32_t weight = title ? kTitleWeight : 1;
  terms.weights[character(token.text)] += weight;
  if (before != nullptr) terms.weights[gram(before->text, token.text)] += weight;
}

void add_word(DocumentTerms& terms, const Token* before, const Token& token, bool title) {
  const std::uint32_t weight = title ? kTitleWeight : 1;
  terms.weights[word(token.text)] += weight;
  if (token.stem != token.text) terms.weights[stem(token.stem)] += weight;
  if (before != nullptr) terms.weights[pair(before->text, token.text)] += weight;
  if (!title) return;
  terms.weights[beginning(first_characters(token.text, 1))] += 1;
  terms.weights[beginning(first_characters(token.text, 2))] += 1;
  if (token.text.size() >= kSpellingBytesMin && token.text.size() <= kSpellingBytesMax)
    terms.spelling.push_back(token.text);
}

}  // namespace

std::string first_characters(const std::string& text, std::size_t count) {
  std::size_t at = 0;
  while (at < text.size() && count-- > 0) {
    ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;
  }
  return text.substr(0, at);
}

DocumentTerms of(const SearchDocument& document) {
  DocumentTerms terms;
  for (const auto& text : document.texts) {
    const auto tokens = tokenise(text.text, text.language, kDocumentTokensMax - terms.tokens);
    terms.tokens += tokens.size();
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      const Token* before = i > 0 && tokens[i].follows ? &tokens[i - 1] : nullptr;
      if (tokens[i].cjk)
        add_cjk(terms, before, tokens[i], text.title);
      else
        add_word(terms, before, tokens[i], text.title);
    }
  }
  return terms;
}

}  // namespace oriel::commons::search_terms

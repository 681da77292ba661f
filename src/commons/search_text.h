// From text to what the search index holds: words of any script, grams of Chinese and Japanese,
// stems, pinyin. The index and the question are taken apart by the same functions.
//
//   letters and digits   a word: NFKC, case folded (UTS 46 style, ICU), marks dropped for Latin,
//                        Greek, Cyrillic, Arabic and Hebrew, so that "Éléphant" is "elephant"
//   Han, Kana, Hangul    each character by itself; neighbours make grams of two. Traditional
//                        characters are read as their simplified ones
//   Thai, Lao, Khmer,    words by ICU's dictionaries, since their scripts put no spaces
//   Burmese
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace oriel::commons {

struct Token {
  std::string text;  // folded
  std::string stem;  // of a word, by its language; equal to `text` where there is none
  bool cjk = false;  // one character of Han, Kana or Hangul
  // Stands right behind the token before: for CJK with nothing between, for words with no CJK and
  // no quotation mark between.
  bool follows = false;
};

// At most `tokens_max`; what comes later is left out. Broken UTF-8 is a break between words.
// `language`: BCP 47, for the stems; a script that only one stemmer serves overrules it.
std::vector<Token> tokenise(std::string_view text, std::string_view language,
                            std::size_t tokens_max);

// The simplified Han characters that are said so, without tones; a character that is read in
// several ways ("zang", "cang") is among those of each.
const std::vector<std::string>& characters_of(std::string_view syllable);

// The ways to read `word` as pinyin, each a list of syllables; at most four, the fewest syllables
// first. "xian": {xian}, {xi, an}.
std::vector<std::vector<std::string>> split_pinyin(std::string_view word);

// Sorts like the text in the root collation of CLDR, as far as eight bytes go.
std::uint64_t collation_key(std::string_view text);

}  // namespace oriel::commons

#include "commons/search_text.h"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <set>
#include <unordered_map>
#include <utility>

#include <unicode/brkiter.h>
#include <unicode/coll.h>
#include <unicode/normalizer2.h>
#include <unicode/translit.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/uscript.h>
#include <unicode/utf16.h>
#include <xapian.h>

#include "base/result.h"

namespace oriel::commons {
namespace {

constexpr std::size_t kWordBytesMax = 64;
constexpr UChar32 kHanBegin = 0x4E00;
constexpr UChar32 kHanEnd = 0xA000;

enum class Kind { other, word, cjk, dictionary, mark };

bool strips_marks(UScriptCode script) {
  return script == USCRIPT_LATIN || script == USCRIPT_GREEK || script == USCRIPT_CYRILLIC ||
         script == USCRIPT_ARABIC || script == USCRIPT_HEBREW;
}

UScriptCode script_of(UChar32 c) {
  UErrorCode error = U_ZERO_ERROR;
  return uscript_getScript(c, &error);
}

Kind kind_of(UChar32 c) {
  if (c < 0x80)
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ? Kind::word
                                                                                      : Kind::other;
  if (c >= kHanBegin && c < kHanEnd) return Kind::cjk;
  const auto type = static_cast<UCharCategory>(u_charType(c));
  if (type == U_NON_SPACING_MARK || type == U_COMBINING_SPACING_MARK) return Kind::mark;
  if (!u_isalnum(c)) return Kind::other;
  switch (script_of(c)) {
    case USCRIPT_HAN:
    case USCRIPT_HIRAGANA:
    case USCRIPT_KATAKANA:
    case USCRIPT_HANGUL:
      return Kind::cjk;
    case USCRIPT_THAI:
    case USCRIPT_LAO:
    case USCRIPT_KHMER:
    case USCRIPT_MYANMAR:
      return Kind::dictionary;
    default:
      return Kind::word;
  }
}

// What is known of each Han character: its simplified form, and what it sounds like.
struct HanTable {
  std::vector<UChar32> simplified;
  std::map<std::string, std::vector<std::string>, std::less<>> by_syllable;

  HanTable();
  void add(const std::string& syllable, UChar32 character);
};

// Characters of this field's names that are read in more ways than ICU's table knows. The first
// reading in ICU stays; these are added.
constexpr std::array<std::pair<char32_t, const char*>, 24> kMoreReadings = {{
    {U'藏', "zang"},  {U'藏', "cang"}, {U'长', "chang"}, {U'长', "zhang"}, {U'重', "chong"},
    {U'重', "zhong"}, {U'行', "xing"}, {U'行', "hang"},  {U'乐', "le"},    {U'乐', "yue"},
    {U'都', "dou"},   {U'都', "du"},   {U'大', "dai"},   {U'地', "de"},    {U'单', "shan"},
    {U'曾', "zeng"},  {U'朝', "chao"}, {U'朝', "zhao"},  {U'鹤', "hao"},   {U'蚌', "beng"},
    {U'率', "lv"},    {U'绿', "lu"},   {U'龟', "qiu"},   {U'柏', "bo"},
}};

HanTable::HanTable() {
  UErrorCode error = U_ZERO_ERROR;
  const std::unique_ptr<icu::Transliterator> latin(icu::Transliterator::createInstance(
      "Han-Latin; NFD; [:Nonspacing Mark:] Remove; NFC", UTRANS_FORWARD, error));
  const std::unique_ptr<icu::Transliterator> simple(
      icu::Transliterator::createInstance("Hant-Hans", UTRANS_FORWARD, error));
  ORIEL_CHECK(U_SUCCESS(error));
  const auto size = static_cast<std::size_t>(kHanEnd - kHanBegin);
  simplified.resize(size);
  for (UChar32 c = kHanBegin; c < kHanEnd; ++c) {
    const auto at = static_cast<std::size_t>(c - kHanBegin);
    icu::UnicodeString text(c);
    simple->transliterate(text);
    simplified[at] = text.countChar32() == 1 ? text.char32At(0) : c;
    text = icu::UnicodeString(c);
    latin->transliterate(text);
    std::string syllable;
    text.toUTF8String(syllable);
    const bool ascii =
        std::all_of(syllable.begin(), syllable.end(), [](char b) { return b >= 'a' && b <= 'z'; });
    if (!ascii || syllable.empty()) continue;
    if (simplified[at] == c) add(syllable, c);
  }
  for (const auto& [character, reading] : kMoreReadings)
    add(reading, static_cast<UChar32>(character));
}

void HanTable::add(const std::string& syllable, UChar32 character) {
  auto& known = by_syllable[syllable];
  std::string text;
  icu::UnicodeString(character).toUTF8String(text);
  if (std::find(known.begin(), known.end(), text) == known.end()) known.push_back(std::move(text));
}

const HanTable& han_table() {
  static const HanTable kTable;
  return kTable;
}

std::string utf8(const icu::UnicodeString& text) {
  std::string out;
  text.toUTF8String(out);
  return out;
}

std::string without_marks(const std::string& word) {
  if (std::all_of(word.begin(), word.end(), [](char c) { return c >= 0; })) return word;
  UErrorCode error = U_ZERO_ERROR;
  const auto* nfd = icu::Normalizer2::getNFDInstance(error);
  const icu::UnicodeString apart = nfd->normalize(icu::UnicodeString::fromUTF8(word), error);
  if (U_FAILURE(error)) return word;
  icu::UnicodeString kept;
  for (std::int32_t i = 0; i < apart.length(); i = apart.moveIndex32(i, 1)) {
    const UChar32 c = apart.char32At(i);
    if (u_charType(c) != U_NON_SPACING_MARK) kept.append(c);
  }
  return utf8(kept);
}

// Empty for a language without a stemmer. Scripts of one stemmer only overrule the language.
std::string stemmer_of(UScriptCode script, std::string_view language) {
  const auto plain = std::string(language.substr(0, language.find('-')));
  static const std::set<std::string, std::less<>> kLatin = {
      "da", "de", "en", "es", "eu", "ca", "fi", "fr", "ga", "hu",
      "id", "it", "lt", "nl", "nb", "no", "pt", "ro", "sv", "tr"};
  switch (script) {
    case USCRIPT_LATIN:
      return kLatin.contains(plain) ? plain : plain.empty() ? "" : "en";
    case USCRIPT_CYRILLIC:
      return "ru";
    case USCRIPT_ARABIC:
      return plain == "fa" || plain == "ur" ? "" : "ar";
    case USCRIPT_ARMENIAN:
      return "hy";
    case USCRIPT_TAMIL:
      return "ta";
    case USCRIPT_DEVANAGARI:
      return "ne";
    default:
      return "";
  }
}

std::string stemmed(const std::string& word, const std::string& stemmer) {
  if (stemmer.empty() || word.size() > kWordBytesMax) return word;
  // A stemmer has a state of its own, so each thread has its own stemmers.
  static thread_local std::map<std::string, Xapian::Stem, std::less<>> stems;
  try {
    auto found = stems.find(stemmer);
    if (found == stems.end()) found = stems.emplace(stemmer, Xapian::Stem(stemmer)).first;
    return found->second(word);
  } catch (const Xapian::Error&) {
    return word;  // no such stemmer in this version
  }
}

class Tokeniser {
 public:
  Tokeniser(std::string_view language, std::size_t tokens_max)
      : language_(language), tokens_max_(tokens_max) {}

  std::vector<Token> run(std::string_view text) {
    UErrorCode error = U_ZERO_ERROR;
    const auto* fold = icu::Normalizer2::getNFKCCasefoldInstance(error);
    const icu::UnicodeString folded = fold->normalize(
        icu::UnicodeString::fromUTF8({text.data(), static_cast<std::int32_t>(text.size())}), error);
    if (U_FAILURE(error)) return {};
    const std::int32_t length = folded.length();
    for (std::int32_t i = 0; i < length && tokens_.size() < tokens_max_;) {
      const UChar32 c = folded.char32At(i);
      const Kind kind = kind_of(c);
      std::int32_t end = folded.moveIndex32(i, 1);
      if (kind == Kind::word) {
        end = word_end(folded, end);
        add_word(folded.tempSubStringBetween(i, end), script_of(c));
      } else if (kind == Kind::cjk) {
        add_cjk(c);
      } else if (kind == Kind::dictionary) {
        while (end < length && is_dictionary(folded.char32At(end)))
          end = folded.moveIndex32(end, 1);
        add_dictionary(folded.tempSubStringBetween(i, end));
      } else {
        after_cjk_ = false;
        if (c == '"' || c == 0x201C || c == 0x201D) after_word_ = false;
      }
      i = end;
    }
    return std::move(tokens_);
  }

 private:
  static bool is_dictionary(UChar32 c) {
    const Kind kind = kind_of(c);
    return kind == Kind::dictionary || kind == Kind::mark;
  }

  // Past the letters, digits and marks from `end` on; an apostrophe between letters belongs to it.
  static std::int32_t word_end(const icu::UnicodeString& text, std::int32_t end) {
    while (end < text.length()) {
      const UChar32 c = text.char32At(end);
      const Kind kind = kind_of(c);
      const std::int32_t next = text.moveIndex32(end, 1);
      const bool joins = (c == '\'' || c == 0x2019) && next < text.length() &&
                         kind_of(text.char32At(next)) == Kind::word;
      if (kind != Kind::word && kind != Kind::mark && !joins) break;
      end = next;
    }
    return end;
  }

  void push(Token token) {
    token.follows = token.cjk ? after_cjk_ : after_word_;
    after_cjk_ = token.cjk;
    after_word_ = !token.cjk;
    tokens_.push_back(std::move(token));
  }

  void add_word(const icu::UnicodeString& word, UScriptCode script) {
    std::string text = utf8(word);
    if (text.size() > kWordBytesMax) return;
    Token token;
    token.stem = stemmed(text, stemmer_of(script, language_));
    token.text = std::move(text);
    if (strips_marks(script)) {
      token.text = without_marks(token.text);
      token.stem = without_marks(token.stem);
    }
    if (!token.text.empty()) push(std::move(token));
  }

  void add_cjk(UChar32 c) {
    if (c >= kHanBegin && c < kHanEnd)
      c = han_table().simplified[static_cast<std::size_t>(c - kHanBegin)];
    Token token;
    token.cjk = true;
    token.text = token.stem = utf8(icu::UnicodeString(c));
    push(std::move(token));
  }

  void add_dictionary(const icu::UnicodeString& run) {
    UErrorCode error = U_ZERO_ERROR;
    static thread_local const std::unique_ptr<icu::BreakIterator> words(
        icu::BreakIterator::createWordInstance(icu::Locale::getRoot(), error));
    if (words == nullptr) return;
    words->setText(run);
    std::int32_t begin = words->first();
    for (auto end = words->next(); end != icu::BreakIterator::DONE && tokens_.size() < tokens_max_;
         begin = end, end = words->next()) {
      Token token;
      token.text = token.stem = utf8(run.tempSubStringBetween(begin, end));
      if (token.text.size() <= kWordBytesMax) push(std::move(token));
    }
  }

  std::string language_;
  std::size_t tokens_max_;
  std::vector<Token> tokens_;
  bool after_cjk_ = false;
  bool after_word_ = false;
};

}  // namespace

std::vector<Token> tokenise(std::string_view text, std::string_view language,
                            std::size_t tokens_max) {
  return Tokeniser(language, tokens_max).run(text);
}

const std::vector<std::string>& characters_of(std::string_view syllable) {
  static const std::vector<std::string> kNone;
  const auto found = han_table().by_syllable.find(syllable);
  return found == han_table().by_syllable.end() ? kNone : found->second;
}

std::vector<std::vector<std::string>> split_pinyin(std::string_view word) {
  constexpr std::size_t kWaysMax = 4;
  constexpr std::size_t kSyllableMax = 6;
  if (word.empty() || word.size() > kWordBytesMax) return {};
  // ways[i]: of reading the first i letters, the fewest syllables first.
  std::vector<std::vector<std::vector<std::string>>> ways(word.size() + 1);
  ways[0].emplace_back();
  for (std::size_t end = 1; end <= word.size(); ++end) {
    for (std::size_t length = std::min(end, kSyllableMax); length > 0; --length) {
      const auto syllable = word.substr(end - length, length);
      if (ways[end - length].empty() || !han_table().by_syllable.contains(syllable)) continue;
      for (auto way : ways[end - length]) {
        way.emplace_back(syllable);
        ways[end].push_back(std::move(way));
      }
    }
    std::stable_sort(ways[end].begin(), ways[end].end(),
                     [](const auto& a, const auto& b) { return a.size() < b.size(); });
    if (ways[end].size() > kWaysMax) ways[end].resize(kWaysMax);
  }
  return std::move(ways.back());
}

std::uint64_t collation_key(std::string_view text) {
  UErrorCode error = U_ZERO_ERROR;
  static thread_local const std::unique_ptr<icu::Collator> collator(
      icu::Collator::createInstance(icu::Locale::getRoot(), error));
  if (collator == nullptr) return 0;
  text = text.substr(0, kWordBytesMax);
  std::array<std::uint8_t, 8> key{};
  collator->getSortKey(
      icu::UnicodeString::fromUTF8({text.data(), static_cast<std::int32_t>(text.size())}),
      key.data(), static_cast<std::int32_t>(key.size()));
  std::uint64_t number = 0;
  for (const auto byte : key) number = number << 8 | byte;
  return number;
}

}  // namespace oriel::commons

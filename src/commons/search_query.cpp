// A question, from its text to hits with counts.
//
// The plan is a list of groups that must all be met; a group is met by any of its ways, a way by
// all of its steps, a step by any of its terms. Each is evaluated to a list of documents in
// ascending order, the rarest group first.
#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "commons/search_state.h"
#include "commons/search_terms.h"

namespace oriel::commons {
namespace {

namespace terms = search_terms;

constexpr std::size_t kExpansionsMax = 5'000;
constexpr int kLooksMax = 50'000;  // at the index for readings of pinyin, of one question
constexpr std::uint32_t kBetweenLooks = 4'096;  // postings between two looks at the clock

struct Step {
  std::vector<std::string> terms;
};
using Way = std::vector<Step>;
struct Group {
  std::vector<Way> ways;
  bool excluded = false;
};

struct Hit {
  std::uint32_t document;
  float score;
};
using Hits = std::vector<Hit>;

// Thrown where the time is over, caught in search_once: deep inside loops over postings.
struct OutOfTime {};

Way one_step(std::vector<std::string> any_of) { return {Step{std::move(any_of)}}; }

std::vector<std::string> forms_of(const Token& token) {
  std::vector<std::string> forms{terms::word(token.text)};
  if (token.stem != token.text) forms.push_back(terms::word(token.stem));
  forms.push_back(terms::stem(token.stem));
  return forms;
}

// Each two neighbours side by side; one alone is itself.
Way side_by_side(const std::vector<Token>& tokens) {
  Way way;
  for (std::size_t i = 1; i < tokens.size(); ++i) {
    const auto& a = tokens[i - 1];
    const auto& b = tokens[i];
    if (a.cjk && b.cjk)
      way.push_back({{terms::gram(a.text, b.text)}});
    else if (!a.cjk && !b.cjk)
      way.push_back({{terms::pair(a.text, b.text)}});
  }
  // What has a neighbour of its own kind is in a pair already.
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const bool paired = (i > 0 && tokens[i - 1].cjk == tokens[i].cjk) ||
                        (i + 1 < tokens.size() && tokens[i + 1].cjk == tokens[i].cjk);
    if (paired) continue;
    way.push_back(
        {{tokens[i].cjk ? terms::character(tokens[i].text) : terms::word(tokens[i].text)}});
  }
  return way;
}

bool is_latin(const Token& token) {
  return !token.cjk && std::all_of(token.text.begin(), token.text.end(),
                                   [](char c) { return c >= 'a' && c <= 'z'; });
}

class Planner {
 public:
  Planner(const Xapian::Database& database, const SearchRequest& request)
      : database_(database), request_(request) {}

  Result<std::vector<Group>> plan() {
    if (request_.text.size() > SearchRequest::kTextBytesMax)
      return fail(ErrorKind::invalid, "q: at most 500 bytes");
    std::string_view rest = request_.text;
    while (!rest.empty()) {
      const auto quote = rest.find('"');
      add_loose(rest.substr(0, quote));
      if (quote == std::string_view::npos) break;
      rest.remove_prefix(quote + 1);
      const auto end = rest.find('"');
      add_phrase(rest.substr(0, end), excluding_);
      excluding_ = false;
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
    if (tokens_ > SearchRequest::kWordsMax * 2)
      return fail(ErrorKind::invalid, "q: too many words at once");
    return std::move(groups_);
  }

 private:
  std::vector<Token> taken_apart(std::string_view text) {
    auto tokens = tokenise(text, request_.language, SearchRequest::kTextBytesMax);
    tokens_ += tokens.size();
    return tokens;
  }

  void add_phrase(std::string_view text, bool excluded) {
    const auto tokens = taken_apart(text);
    if (!tokens.empty()) groups_.push_back({{side_by_side(tokens)}, excluded});
  }

  void add_loose(std::string_view text) {
    std::vector<Token> words;
    for (std::size_t at = 0; at < text.size();) {
      const auto end = std::min(text.find_first_of(" \t\r\n", at), text.size());
      const auto piece = text.substr(at, end - at);
      const bool last =
          end == text.size() && text.data() + end == request_.text.data() + request_.text.size();
      at = end + 1;
      if (piece == "-") excluding_ = end == text.size();
      if (piece.size() > 1 && piece.front() == '-') {
        add_phrase(piece.substr(1), true);
        continue;
      }
      auto tokens = taken_apart(piece);
      add_pieces(tokens, words, last && request_.typing);
    }
    add_spoken(words);
  }

  // Words as groups of their own, runs of CJK each as one; `words` collects Latin neighbours.
  void add_pieces(const std::vector<Token>& tokens, std::vector<Token>& words, bool typing) {
    for (std::size_t i = 0; i < tokens.size();) {
      if (!tokens[i].cjk) {
        add_word(tokens[i], typing && i + 1 == tokens.size());
        words.push_back(tokens[i]);
        ++i;
        continue;
      }
      std::size_t end = i + 1;
      while (end < tokens.size() && tokens[end].cjk && tokens[end].follows) ++end;
      const auto at = [&](std::size_t n) {
        return tokens.begin() + static_cast<std::ptrdiff_t>(n);
      };
      groups_.push_back({{side_by_side({at(i), at(end)})}, false});
      i = end;
    }
  }

  void add_word(const Token& token, bool typing) {
    Group group;
    auto forms = forms_of(token);
    if (typing) add_expansions(token.text, forms);
    group.ways.push_back(one_step(std::move(forms)));
    const auto& plain = group.ways[0][0].terms;
    const bool known = std::any_of(plain.begin(), plain.end(),
                                   [&](const auto& term) { return database_.term_exists(term); });
    if (is_latin(token)) {
      // One syllable is many an English word: it is only pinyin when nothing else has it.
      for (const auto& syllables : split_pinyin(token.text))
        if (syllables.size() > 1 || !known) group.ways.push_back(said(syllables));
    }
    groups_.push_back(std::move(group));
  }

  // Words that go on from `text`; one or two letters: as titles have them.
  void add_expansions(const std::string& text, std::vector<std::string>& forms) {
    if (terms::first_characters(text, 2) == text) {
      forms.push_back(terms::beginning(text));
      return;
    }
    const auto begin = terms::word(text);
    std::size_t count = 0;
    for (auto at = database_.allterms_begin(begin);
         at != database_.allterms_end(begin) && ++count <= kExpansionsMax; ++at)
      if (*at != begin) forms.push_back(*at);
  }

  // The characters that are said so and that the index knows.
  // Pinyin of many syllables has millions of readings: past so many the rest is not found by it.
  bool may_look() { return looks_++ < kLooksMax; }

  std::vector<std::string> known_characters(const std::string& syllable) {
    std::vector<std::string> known;
    for (const auto& character : characters_of(syllable))
      if (may_look() && database_.term_exists(terms::character(character)))
        known.push_back(character);
    return known;
  }

  // One syllable: its characters; more: each two neighbours side by side.
  Way said(const std::vector<std::string>& syllables) {
    Way way;
    auto before = known_characters(syllables[0]);
    if (syllables.size() == 1) {
      Step any;
      for (const auto& character : before) any.terms.push_back(terms::character(character));
      way.push_back(std::move(any));
    }
    for (std::size_t i = 1; i < syllables.size(); ++i) {
      auto after = known_characters(syllables[i]);
      Step any;
      for (const auto& a : before)
        for (const auto& b : after)
          if (may_look() && database_.term_exists(terms::gram(a, b)))
            any.terms.push_back(terms::gram(a, b));
      way.push_back(std::move(any));
      before = std::move(after);
    }
    return way;
  }

  // "zang ling yang": a whole question of single syllables is tried as one word of pinyin, too.
  void add_spoken(const std::vector<Token>& words) {
    if (words.size() < 2 || groups_.size() != words.size()) return;
    std::vector<std::string> syllables;
    for (const auto& word : words) {
      const auto ways =
          is_latin(word) ? split_pinyin(word.text) : std::vector<std::vector<std::string>>{};
      if (ways.empty()) return;
      syllables.insert(syllables.end(), ways[0].begin(), ways[0].end());
    }
    // All words as they are, or all of them as said: one group of two ways.
    Group group;
    Way plain;
    for (const auto& one : groups_) plain.push_back(one.ways[0][0]);
    group.ways.push_back(std::move(plain));
    group.ways.push_back(said(syllables));
    groups_.clear();
    groups_.push_back(std::move(group));
  }

  const Xapian::Database& database_;
  int looks_ = 0;
  const SearchRequest& request_;
  std::vector<Group> groups_;
  std::size_t tokens_ = 0;
  bool excluding_ = false;
};

class Evaluator {
 public:
  Evaluator(const Xapian::Database& database, const SearchColumns& columns, const Clock& clock,
            SteadyTime deadline)
      : database_(database), columns_(columns), clock_(clock), deadline_(deadline) {}

  Hits all_of(const std::vector<Group>& groups) {
    std::vector<std::pair<double, const Group*>> order;
    for (const auto& group : groups)
      if (!group.excluded) order.emplace_back(size_of(group), &group);
    std::sort(order.begin(), order.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    Hits hits;
    for (std::size_t i = 0; i < order.size(); ++i) {
      if (i > 0 && hits.empty()) break;
      hits = any_way(*order[i].second, i > 0 ? &hits : nullptr);
    }
    for (const auto& group : groups)
      if (group.excluded && !hits.empty()) without(hits, any_way(group, nullptr));
    return hits;
  }

  void look() {
    if (++looks_ % kBetweenLooks == 0 && clock_.steady() > deadline_) throw OutOfTime{};
  }

 private:
  double size_of(const Step& step) {
    double size = 0;
    for (const auto& term : step.terms) size += database_.get_termfreq(term);
    return size;
  }
  double size_of(const Group& group) {
    double size = 0;
    for (const auto& way : group.ways) {
      double least = 1e18;
      for (const auto& step : way) least = std::min(least, size_of(step));
      size += least;
    }
    return size;
  }

  Hits any_way(const Group& group, const Hits* among) {
    if (group.ways.size() == 1) return all_steps(group.ways[0], among);
    Hits united;
    for (const auto& way : group.ways) unite(united, all_steps(way, among));
    return united;
  }

  // The scores of `among` are carried on where it is given.
  Hits all_steps(const Way& way, const Hits* among) {
    std::vector<std::pair<double, const Step*>> order;
    for (const auto& step : way) order.emplace_back(size_of(step), &step);
    std::sort(order.begin(), order.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    Hits hits;
    const Hits* before = among;
    for (const auto& [size, step] : order) {
      Hits next = any_term(*step, before, size);
      hits = std::move(next);
      before = &hits;
      if (hits.empty()) break;
    }
    return hits;
  }

  Hits any_term(const Step& step, const Hits* among, double size) {
    std::vector<const std::string*> there;
    for (const auto& term : step.terms)
      if (database_.get_termfreq(term) > 0) there.push_back(&term);
    if (there.empty()) return {};
    if (there.size() == 1) {
      if (among != nullptr && static_cast<double>(among->size()) * 8 < size)
        return probe(*there[0], *among);
      Hits hits = decode(*there[0]);
      return among == nullptr ? hits : both(*among, hits);
    }
    Hits hits = decode_any(there);
    return among == nullptr ? hits : both(*among, hits);
  }

  float rarity(const std::string& term) const {
    const double frequency = database_.get_termfreq(term);
    const double all = std::max<double>(static_cast<double>(columns_.live()), frequency);
    return static_cast<float>(std::log(1.0 + (all - frequency + 0.5) / (frequency + 0.5)));
  }
  // BM25 with k1 = 1.2; the length of the document is reckoned in at the end, once.
  static float saturated(Xapian::termcount weight) {
    const auto times = static_cast<float>(weight);
    return times * 2.2F / (times + 1.2F);
  }

  Hits decode(const std::string& term) {
    Hits hits;
    hits.reserve(database_.get_termfreq(term));
    const float rare = rarity(term);
    for (auto at = database_.postlist_begin(term); at != database_.postlist_end(term); ++at) {
      look();
      hits.push_back({*at, rare * saturated(at.get_wdf())});
    }
    return hits;
  }

  // A column of scores that is all zero when it is taken: one that was left by an exception, with
  // scores of its question in it, is made anew by the next.
  struct ScoreColumn {
    std::vector<float> scores;
    bool clean = true;
  };

  // Several terms at once by a column of scores: however many there are, each posting costs the
  // same.
  Hits decode_any(const std::vector<const std::string*>& any_of) {
    static thread_local ScoreColumn column;
    static thread_local std::vector<std::uint64_t> marks;
    auto& scores = column.scores;
    if (!column.clean) scores.clear();
    column.clean = false;
    const std::size_t end = database_.get_lastdocid() + 1;
    if (scores.size() < end) scores.resize(end, 0.0F);
    marks.assign(end / 64 + 1, 0);
    // Forms of one word count as the word: the rarity of all of them, not of the rarest.
    double together = 0;
    for (const auto* term : any_of) together += database_.get_termfreq(*term);
    const double all = std::max<double>(static_cast<double>(columns_.live()), together);
    const auto rare = static_cast<float>(std::log(1.0 + (all - together + 0.5) / (together + 0.5)));
    for (const auto* term : any_of) {
      for (auto at = database_.postlist_begin(*term); at != database_.postlist_end(*term); ++at) {
        const std::size_t document = *at;
        marks[document / 64] |= std::uint64_t{1} << (document % 64);
        scores[document] = std::max(scores[document], rare * saturated(at.get_wdf()));
        look();
      }
    }
    Hits hits;
    for (std::size_t word = 0; word < marks.size(); ++word) {
      for (auto bits = marks[word]; bits != 0; bits &= bits - 1) {
        const std::size_t document = word * 64 + static_cast<std::size_t>(std::countr_zero(bits));
        hits.push_back({static_cast<std::uint32_t>(document), scores[document]});
        scores[document] = 0.0F;
      }
    }
    column.clean = true;
    return hits;
  }

  Hits probe(const std::string& term, const Hits& among) {
    Hits hits;
    const float rare = rarity(term);
    auto at = database_.postlist_begin(term);
    const auto end = database_.postlist_end(term);
    for (const auto& hit : among) {
      look();
      at.skip_to(hit.document);
      if (at == end) break;
      if (*at == hit.document)
        hits.push_back({hit.document, hit.score + rare * saturated(at.get_wdf())});
    }
    return hits;
  }

  static Hits both(const Hits& a, const Hits& b) {
    Hits hits;
    for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
      if (a[i].document < b[j].document) {
        ++i;
      } else if (b[j].document < a[i].document) {
        ++j;
      } else {
        hits.push_back({a[i].document, a[i].score + b[j].score});
        ++i, ++j;
      }
    }
    return hits;
  }

  static void unite(Hits& into, const Hits& more) {
    if (more.empty()) return;
    Hits all;
    all.reserve(into.size() + more.size());
    for (std::size_t i = 0, j = 0; i < into.size() || j < more.size();) {
      if (j == more.size() || (i < into.size() && into[i].document < more[j].document))
        all.push_back(into[i++]);
      else if (i == into.size() || more[j].document < into[i].document)
        all.push_back(more[j++]);
      else
        all.push_back({into[i].document, std::max(into[i++].score, more[j++].score)});
    }
    into = std::move(all);
  }

  static void without(Hits& hits, const Hits& out) {
    std::size_t j = 0;
    std::erase_if(hits, [&](const Hit& hit) {
      while (j < out.size() && out[j].document < hit.document) ++j;
      return j < out.size() && out[j].document == hit.document;
    });
  }

  const Xapian::Database& database_;
  const SearchColumns& columns_;
  const Clock& clock_;
  SteadyTime deadline_;
  std::uint32_t looks_ = 0;
};

// Counts, filters and keeps the best while hits go by.
class Gatherer {
 public:
  Gatherer(const SearchColumns& columns, const SearchRequest& request)
      : columns_(columns), request_(request), counts_(columns.words().size(), 0) {
    bits_.assign(columns.words().size(), 0);
    for (const auto& [facet, values] : request.filters) {
      wanted_ |= 1U << static_cast<unsigned>(facet);
      for (const auto& value : values)
        if (const auto number = columns.words().find(facet, value))
          bits_[*number] = 1U << static_cast<unsigned>(facet);
    }
    keep_ = static_cast<std::size_t>(request.offset + request.count);
    mean_ = static_cast<float>(columns.mean_length());
  }

  void add(std::uint32_t document, float score) {
    const SearchRow& row = columns_.row(document);
    if (row.live == 0) return;
    const auto* values = columns_.values(document, row);
    if (wanted_ != 0) {
      std::uint32_t met = 0;
      for (std::uint16_t i = 0; i < row.count; ++i) met |= bits_[values[i]];
      const std::uint32_t missing = wanted_ & ~met;
      if (missing != 0) {
        if (std::has_single_bit(missing)) count_only(std::countr_zero(missing), values, row.count);
        return;
      }
    }
    for (std::uint16_t i = 0; i < row.count; ++i) ++counts_[values[i]];
    ++total_;
    keep(document, row, score);
  }

  SearchAnswer answer(const Xapian::Database& database) {
    SearchAnswer answer;
    answer.total = total_;
    std::sort_heap(best_.begin(), best_.end());
    for (std::size_t i = static_cast<std::size_t>(request_.offset); i < best_.size(); ++i) {
      try {
        answer.ids.push_back(database.get_document(best_[i].second).get_data());
      } catch (const Xapian::DocNotFoundError&) {
        continue;  // it went between the columns and this reader, which is newer
      }
    }
    const auto& words = columns_.words();
    for (std::uint32_t number = 0; number < counts_.size(); ++number)
      if (counts_[number] > 0)
        answer.facets[words.facet(number)].push_back({words.value(number), counts_[number]});
    for (auto& [facet, values] : answer.facets) {
      const auto most =
          std::min(values.size(), static_cast<std::size_t>(request_.facet_values_max));
      std::partial_sort(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(most),
                        values.end(), [](const FacetCount& a, const FacetCount& b) {
                          return a.count != b.count ? a.count > b.count : a.value < b.value;
                        });
      values.resize(most);
    }
    return answer;
  }

 private:
  using Ranked = std::pair<std::uint64_t, std::uint32_t>;  // the smaller the better

  void count_only(int facet, const std::uint32_t* values, std::uint16_t count) {
    for (std::uint16_t i = 0; i < count; ++i)
      if (static_cast<int>(columns_.words().facet(values[i])) == facet) ++counts_[values[i]];
  }

  std::uint64_t rank(const SearchRow& row, float score) const {
    const std::uint64_t age = UINT32_MAX - row.published_s;
    switch (request_.sort) {
      case SearchSort::newest:
        return age;
      case SearchSort::oldest:
        return row.published_s;
      case SearchSort::title:
        return row.title_key;
      case SearchSort::relevance:
        break;
    }
    // The rest of BM25 with b = 0.75: long documents count less.
    const float normal = 1.0F / (0.25F + 0.75F * static_cast<float>(row.length) / mean_);
    const auto bits = std::bit_cast<std::uint32_t>(score * std::min(normal, 2.0F));
    return std::uint64_t{UINT32_MAX - bits} << 32 | age;
  }

  void keep(std::uint32_t document, const SearchRow& row, float score) {
    if (keep_ == 0) return;
    const Ranked ranked{rank(row, score), document};
    if (best_.size() == keep_) {
      if (!(ranked < best_.front())) return;
      std::pop_heap(best_.begin(), best_.end());
      best_.pop_back();
    }
    best_.push_back(ranked);
    std::push_heap(best_.begin(), best_.end());
  }

  const SearchColumns& columns_;
  const SearchRequest& request_;
  std::vector<std::uint32_t> counts_;
  std::vector<std::uint32_t> bits_;  // by value: its facet's bit where it is asked for
  std::uint32_t wanted_ = 0;
  std::size_t keep_ = 0;
  float mean_ = 1;
  std::int64_t total_ = 0;
  std::vector<Ranked> best_;
};

// Not inlined: g++ 12 would see its messages out of bounds in its caller.
[[gnu::noinline]] Result<void> check(const SearchRequest& request) {
  if (request.offset < 0 || request.count < 0 || request.facet_values_max < 0 ||
      request.offset > SearchRequest::kDepthMax ||
      request.count > SearchRequest::kDepthMax - request.offset)
    return fail(ErrorKind::invalid, "only the first 10,000 results can be paged through");
  std::size_t values = 0;
  for (const auto& [facet, wanted] : request.filters) values += wanted.size();
  if (values > SearchRequest::kFilterValuesMax)
    return fail(ErrorKind::invalid, "too many values of facets at once");
  return {};
}

// The words of the question with those that are nowhere in another spelling; empty: none is known.
std::string suggestion(const Xapian::Database& database, const SearchRequest& request) {
  std::string text;
  bool other = false;
  for (const auto& token : tokenise(request.text, request.language, SearchRequest::kWordsMax)) {
    std::string word = token.text;
    const auto forms = forms_of(token);
    const bool known = token.cjk || std::any_of(forms.begin(), forms.end(), [&](const auto& form) {
                         return database.term_exists(form);
                       });
    if (!known) {
      const auto spelled = database.get_spelling_suggestion(token.text, 2);
      if (!spelled.empty() && database.term_exists(terms::word(spelled))) {
        word = spelled;
        other = true;
      }
    }
    if (!text.empty() && !(token.cjk && token.follows)) text += ' ';
    text += word;
  }
  return other ? text : "";
}

}  // namespace

Result<SearchAnswer> search_once(const Xapian::Database& database, const SearchColumns& columns,
                                 const SearchRequest& request, const Clock& clock,
                                 SteadyTime deadline) {
  ORIEL_TRY(check(request));
  ORIEL_TRY_ASSIGN(const std::vector<Group> groups, Planner(database, request).plan());
  Gatherer gatherer(columns, request);
  Evaluator evaluator(database, columns, clock, deadline);
  const bool positive =
      std::any_of(groups.begin(), groups.end(), [](const Group& group) { return !group.excluded; });
  try {
    if (groups.empty()) {
      for (std::uint32_t document = 1; document < columns.end(); ++document) {
        evaluator.look();
        gatherer.add(document, 0);
      }
    } else if (positive) {
      for (const auto& hit : evaluator.all_of(groups)) {
        evaluator.look();
        gatherer.add(hit.document, hit.score);
      }
    }
  } catch (const OutOfTime&) {
    return fail(ErrorKind::deadline, "the search took too long: ask for rarer words");
  }
  SearchAnswer answer = gatherer.answer(database);
  if (answer.total == 0 && !groups.empty()) answer.suggestion = suggestion(database, request);
  return answer;
}

}  // namespace oriel::commons

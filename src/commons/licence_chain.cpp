#include "commons/licence_chain.h"

#include <algorithm>
#include <array>
#include <utility>

namespace oriel::commons {
namespace {

// Where Creative Commons or the other licence's own text lets share-alike cross to another family.
struct Crossing {
  std::string_view from, to;
};
constexpr std::array kCrossings = {
    Crossing{"CC-BY-SA-4.0", "LAL-1.3"},
    Crossing{"LAL-1.3", "CC-BY-SA-4.0"},
    Crossing{"CC-BY-SA-4.0", "GPL-3.0-only"},
    Crossing{"CC-BY-SA-4.0", "GPL-3.0-or-later"},
    Crossing{"GPL-2.0-or-later", "GPL-3.0-only"},
    Crossing{"GPL-2.0-or-later", "GPL-3.0-or-later"},
    Crossing{"GPL-2.0-or-later", "AGPL-3.0-or-later"},
    Crossing{"GPL-3.0-only", "AGPL-3.0-or-later"},
    Crossing{"GPL-3.0-or-later", "GPL-3.0-only"},
    Crossing{"GPL-3.0-or-later", "AGPL-3.0-or-later"},
    Crossing{"LGPL-2.1-or-later", "LGPL-3.0-or-later"},
    Crossing{"LGPL-2.1-or-later", "GPL-2.0-or-later"},
    Crossing{"LGPL-2.1-or-later", "GPL-3.0-or-later"},
    Crossing{"LGPL-3.0-or-later", "GPL-3.0-or-later"},
    Crossing{"MPL-2.0", "GPL-2.0-or-later"},
    Crossing{"MPL-2.0", "GPL-3.0-or-later"},
    Crossing{"GFDL-1.2-or-later", "GFDL-1.3-or-later"},
};

bool share_alike_fits(const Licence& source, const Licence& target) {
  if (source.id == target.id) return true;
  // 1.0 says "this License" and nothing else; from 2.0 on later versions and ports of the same
  // elements are allowed (4b of 2.0 to 3.0, 3b of 4.0).
  if (source.version > 10 && target.version >= source.version && source.family == target.family)
    return true;
  return std::any_of(kCrossings.begin(), kCrossings.end(), [&](const Crossing& crossing) {
    return crossing.from == source.id && crossing.to == target.id;
  });
}

std::string named(const ChainWork& work, std::string_view language) {
  const std::string title(text_in(work.titles, languages_wanted(language)));
  return title.empty() ? work.id : title;
}

std::string licence_shown(const ChainWork& work, std::string_view language) {
  const auto licence = find_licence(work.licence);
  if (licence) return licence->name(language);
  return work.licence.empty() ? (is_chinese(language) ? "（未注明）" : "(none given)")
                              : work.licence.substr(0, 80);
}

// {0} the source, {1} its licence, {2} the Work, {3} the Work's licence.
struct ReasonText {
  ClashReason reason;
  std::string_view en, zh;
};
constexpr std::array kReasons = {
    ReasonText{ClashReason::unknown_licence,
               "“{0}” is under “{1}”, a licence nobody knows: find out what it allows, or leave "
               "it out.",
               "“{0}”的许可“{1}”无人知晓：请查明其含义，或不使用该来源。"},
    ReasonText{ClashReason::not_permitted,
               "“{0}” ({1}) may not be passed on by everyone: record the consent of whoever holds "
               "its rights, or leave it out.",
               "“{0}”（{1}）没有允许所有人转发：请登记权利人的同意，或不使用该来源。"},
    ReasonText{ClashReason::no_derivatives,
               "“{0}” ({1}) may only be passed on unchanged: keep it whole, ask its holder, or "
               "leave it out.",
               "“{0}”（{1}）只允许原样转发：请保持原样、征得权利人同意，或不使用该来源。"},
    ReasonText{
        ClashReason::not_commercial,
        "“{0}” ({1}) may not be used commercially, but {3} would let everyone do so with "
        "“{2}”: choose a NonCommercial licence.",
        "“{0}”（{1}）不得用于商业用途，而{3}允许任何人将“{2}”用于商业：请选择非商业性许可。"},
    ReasonText{ClashReason::share_alike,
               "What is made from “{0}” must stay under {1} or one that is compatible; “{2}” is "
               "under {3}.",
               "由“{0}”创作的作品须沿用{1}或与之兼容的许可，而“{2}”采用的是{3}。"},
    ReasonText{ClashReason::credit_lost,
               "“{0}” ({1}) asks to be named, but {3} lets everyone drop the credits of “{2}”: "
               "choose a licence that asks for credit.",
               "“{0}”（{1}）要求署名，而{3}允许任何人去掉“{2}”的署名：请选择要求署名的许可。"},
    ReasonText{ClashReason::contains_itself, "“{2}” is made from itself by way of “{0}”.",
               "“{2}”通过“{0}”来源于自身。"},
};

std::string filled(std::string_view pattern, const std::array<std::string, 4>& values) {
  std::string text;
  for (std::size_t at = 0; at < pattern.size();) {
    if (pattern[at] == '{') {
      text += values[static_cast<std::size_t>(pattern[at + 1] - '0')];
      at += 3;
    } else {
      text += pattern[at++];
    }
  }
  return text;
}

Clash clash_of(const Chain& chain, std::size_t work, std::size_t source, ClashReason reason) {
  Clash clash{work, source, reason, "", ""};
  for (const auto& text : kReasons) {
    if (text.reason != reason) continue;
    for (const std::string_view language : {"en", "zh"}) {
      const std::array<std::string, 4> values = {
          named(chain[source], language), licence_shown(chain[source], language),
          named(chain[work], language), licence_shown(chain[work], language)};
      (language == "en" ? clash.en : clash.zh) =
          filled(language == "en" ? text.en : text.zh, values);
    }
  }
  return clash;
}

Result<void> check_shape(const Chain& chain) {
  if (chain.empty()) return fail(ErrorKind::invalid, "the chain is empty");
  if (chain.size() > kChainWorksMax)
    return fail(ErrorKind::invalid, "more than 100,000 Works in a chain");
  for (const auto& work : chain)
    for (const auto& source : work.sources)
      if (source.work >= chain.size())
        return fail(ErrorKind::invalid, "“" + work.id + "” names a source outside its chain");
  return {};
}

// The links from `chain`'s first Work back to itself or in a circle anywhere. Iterative: a chain
// may be longer than a stack is deep.
void find_circles(const Chain& chain, std::vector<Clash>& clashes) {
  enum class State : std::uint8_t { fresh, open, done };
  std::vector<State> states(chain.size(), State::fresh);
  std::vector<std::pair<std::size_t, std::size_t>> path{{0, 0}};
  states[0] = State::open;
  while (!path.empty()) {
    auto& [work, next] = path.back();
    if (next == chain[work].sources.size()) {
      states[work] = State::done;
      path.pop_back();
      continue;
    }
    const std::size_t source = chain[work].sources[next++].work;
    if (states[source] == State::open)
      clashes.push_back(clash_of(chain, source, work, ClashReason::contains_itself));
    if (states[source] != State::fresh) continue;
    states[source] = State::open;
    path.emplace_back(source, 0);
  }
}

// The places of the chain that can be reached from the first, nearest first, each once;
// `only_whole`: by links that keep their source whole.
std::vector<std::size_t> reached(const Chain& chain, bool only_whole) {
  std::vector<bool> seen(chain.size(), false);
  std::vector<std::size_t> order{0};
  seen[0] = true;
  for (std::size_t at = 0; at < order.size(); ++at) {
    for (const auto& source : chain[order[at]].sources) {
      if (only_whole && source.derivation != Derivation::collects) continue;
      if (seen[source.work]) continue;
      seen[source.work] = true;
      order.push_back(source.work);
    }
  }
  return order;
}

void compare_links(const Chain& chain, std::size_t place, std::vector<Clash>& clashes) {
  const ChainWork& work = chain[place];
  const auto target = find_licence(work.licence);
  for (const auto& source : work.sources) {
    if (source.permitted || source.work == place) continue;
    const auto licence = find_licence(chain[source.work].licence);
    // Told once, as the source's own fault, below.
    if (!licence) continue;
    std::optional<ClashReason> reason;
    if (source.derivation == Derivation::collects)
      reason = collecting_clash(*licence);
    else if (target)
      reason = adapting_clash(*licence, *target);
    if (reason) clashes.push_back(clash_of(chain, place, source.work, *reason));
  }
}

}  // namespace

std::optional<ClashReason> collecting_clash(const Licence& source) {
  if (source.licence_class == LicenceClass::unknown) return ClashReason::unknown_licence;
  if (!source.may_share) return ClashReason::not_permitted;
  return std::nullopt;
}

std::optional<ClashReason> adapting_clash(const Licence& source, const Licence& target) {
  if (const auto clash = collecting_clash(source)) return clash;
  if (target.licence_class == LicenceClass::unknown) return ClashReason::unknown_licence;
  if (!source.may_adapt) return ClashReason::no_derivatives;
  if (source.asks_share_alike)
    return share_alike_fits(source, target) ? std::nullopt
                                            : std::optional(ClashReason::share_alike);
  if (!source.may_sell && target.may_sell) return ClashReason::not_commercial;
  if (source.asks_credit && !target.asks_credit) return ClashReason::credit_lost;
  return std::nullopt;
}

Result<std::vector<Clash>> find_clashes(const Chain& chain) {
  ORIEL_TRY(check_shape(chain));
  std::vector<Clash> clashes;
  find_circles(chain, clashes);
  const auto places = reached(chain, false);
  std::vector<bool> needed(chain.size(), false);
  needed[0] = true;
  for (const auto place : places)
    for (const auto& source : chain[place].sources)
      if (!source.permitted) needed[source.work] = true;
  for (const auto place : places) {
    const auto licence = find_licence(chain[place].licence);
    // A Work of its own may say that its rights are undetermined; a licence must still be one.
    if (needed[place] && !licence)
      clashes.push_back(clash_of(chain, place, place, ClashReason::unknown_licence));
    compare_links(chain, place, clashes);
  }
  return clashes;
}

Result<WholeTerms> whole_terms(const Chain& chain) {
  ORIEL_TRY(check_shape(chain));
  WholeTerms terms;
  for (const auto place : reached(chain, true)) {
    const auto licence = find_licence(chain[place].licence);
    const Licence known = licence.value_or(Licence{});
    if (!known.may_share) terms.bars_sharing.push_back(place);
    if (!known.may_adapt) terms.bars_adapting.push_back(place);
    if (!known.may_sell) terms.bars_selling.push_back(place);
    terms.asks_credit = terms.asks_credit || known.asks_credit;
    terms.asks_share_alike = terms.asks_share_alike || known.asks_share_alike;
  }
  terms.may_share = terms.bars_sharing.empty();
  terms.may_adapt = terms.bars_adapting.empty();
  terms.may_sell = terms.bars_selling.empty();
  return terms;
}

Result<std::vector<Licence>> fitting_licences(const Chain& chain) {
  ORIEL_TRY(check_shape(chain));
  std::vector<Licence> fitting;
  for (auto& licence : common_licences()) {
    const bool fits = std::all_of(chain[0].sources.begin(), chain[0].sources.end(),
                                  [&](const ChainSource& source) {
                                    if (source.permitted) return true;
                                    const auto given = find_licence(chain[source.work].licence);
                                    if (!given) return false;
                                    return source.derivation == Derivation::collects
                                               ? !collecting_clash(*given).has_value()
                                               : !adapting_clash(*given, licence).has_value();
                                  });
    if (fits) fitting.push_back(std::move(licence));
  }
  return fitting;
}

}  // namespace oriel::commons

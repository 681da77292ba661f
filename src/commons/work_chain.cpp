#include "commons/work_chain.h"

#include <algorithm>
#include <unordered_map>

#include <fmt/format.h>

namespace oriel::commons {
namespace {

bool share_a_steward(const Work& one, const Work& other) {
  return std::any_of(one.stewards.begin(), one.stewards.end(), [&](const std::string& steward) {
    return std::find(other.stewards.begin(), other.stewards.end(), steward) != other.stewards.end();
  });
}

class ChainLoader {
 public:
  ChainLoader(const Catalogue& catalogue, const std::string& origin, const std::string& language)
      : catalogue_(catalogue), origin_(origin), wanted_(languages_wanted(language)) {}

  Result<Chain> load(const WorkId& id) {
    ORIEL_TRY(place_of(id.str()));
    for (std::size_t at = 0; at < works_.size(); ++at) {
      // Copied: the list grows meanwhile.
      const auto derived_from = works_[at].derived_from;
      const auto parts = held_works(works_[at]);
      ORIEL_TRY(link(at, derived_from, Derivation::adapts));
      ORIEL_TRY(link(at, parts, Derivation::collects));
    }
    return std::move(chain_);
  }

 private:
  Result<std::size_t> place_of(const std::string& id) {
    if (const auto known = places_.find(id); known != places_.end()) return known->second;
    if (works_.size() == kWorkChainMax)
      return fail(ErrorKind::invalid,
                  fmt::format("it comes from more than {} Works", kWorkChainMax));
    ORIEL_TRY_ASSIGN(auto work, catalogue_.load_work(WorkId(id)));
    ChainWork entry;
    entry.id = work.id;
    entry.titles = work.title;
    entry.licence = work.licence;
    entry.address = origin_ + "/works/" + work.id;
    ORIEL_TRY_ASSIGN(entry.makers, makers_of(work));
    places_.emplace(id, works_.size());
    works_.push_back(std::move(work));
    chain_.push_back(std::move(entry));
    return works_.size() - 1;
  }

  // In so many words where the Work says so, else its makers, else its stewards.
  Result<std::vector<std::string>> makers_of(const Work& work) {
    if (!work.credit.empty()) return std::vector{work.credit};
    std::vector<std::string> names;
    for (const auto& maker : work.makers) {
      ORIEL_TRY_ASSIGN(auto name, maker.party.empty() ? Result<std::string>(maker.name)
                                                      : party_name(maker.party));
      names.push_back(std::move(name));
    }
    if (!names.empty()) return names;
    for (const auto& steward : work.stewards) {
      ORIEL_TRY_ASSIGN(auto name, party_name(steward));
      names.push_back(std::move(name));
    }
    return names;
  }

  Result<std::string> party_name(const std::string& id) {
    if (const auto known = names_.find(id); known != names_.end()) return known->second;
    ORIEL_TRY_ASSIGN(const auto party, catalogue_.load_party(PartyId(id)));
    return names_.emplace(id, std::string(text_in(party.name, wanted_))).first->second;
  }

  Result<void> link(std::size_t at, const std::vector<std::string>& ids, Derivation derivation) {
    for (const auto& id : ids) {
      ORIEL_TRY_ASSIGN(const auto place, place_of(id));
      chain_[at].sources.push_back({place, derivation, share_a_steward(works_[at], works_[place])});
    }
    return {};
  }

  const Catalogue& catalogue_;
  const std::string& origin_;
  const std::vector<std::string> wanted_;
  std::vector<Work> works_;
  Chain chain_;  // of the same places
  std::unordered_map<std::string, std::size_t> places_;
  std::unordered_map<std::string, std::string> names_;
};

}  // namespace

Result<Chain> load_chain(const Catalogue& catalogue, const WorkId& id, const std::string& origin,
                         const std::string& language) {
  return ChainLoader(catalogue, origin, language).load(id);
}

}  // namespace oriel::commons

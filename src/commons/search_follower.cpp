#include "commons/search_follower.h"

#include <array>
#include <exception>
#include <utility>

#include "commons/licence.h"

namespace oriel::commons {
namespace {

Facet facet_of(TermScheme scheme) {
  switch (scheme) {
    case TermScheme::licence:
      return Facet::licence;
    case TermScheme::sdg:
      return Facet::sdg;
    case TermScheme::subject:
      return Facet::subject;
    case TermScheme::level:
      return Facet::level;
    case TermScheme::taxon:
      return Facet::taxon;
    case TermScheme::place:
      return Facet::place;
  }
  return Facet::subject;
}

template <class Enum>
std::string name_of(Enum value) {
  return boost::describe::enum_to_string(value, "");
}

// What is not there any more is no error: a Work keeps the address of what it named.
template <class T>
Result<std::optional<T>> if_there(Result<T> loaded) {
  if (loaded) return std::optional<T>(std::move(*loaded));
  if (loaded.error().kind == ErrorKind::not_found || loaded.error().kind == ErrorKind::invalid)
    return std::optional<T>();
  return fail(std::move(loaded).error());
}

void add_words(const LocalisedText& text, bool title, SearchDocument& document) {
  for (const auto& [language, words] : text) document.texts.push_back({language, words, title});
}

}  // namespace

std::vector<std::string> age_groups(const Ages& ages) {
  struct Group {
    const char* name;
    std::int64_t from, to;
  };
  constexpr std::array kGroups = {Group{"0-5", 0, 5},     Group{"6-8", 6, 8},
                                  Group{"9-11", 9, 11},   Group{"12-14", 12, 14},
                                  Group{"15-17", 15, 17}, Group{"18-", 18, 1'000}};
  std::vector<std::string> names;
  for (const auto& group : kGroups)
    if (ages.from <= group.to && group.from <= ages.to) names.emplace_back(group.name);
  return names;
}

Result<void> SearchDocuments::add_party(const std::string& id, SearchDocument& document) {
  auto found = parties_.find(id);
  if (found == parties_.end()) {
    ORIEL_TRY_ASSIGN(auto party, if_there(catalogue_.load_party(PartyId(id))));
    found = parties_.emplace(id, std::move(party)).first;
  }
  if (found->second) add_words(found->second->name, false, document);
  return {};
}

Result<void> SearchDocuments::add_terms(const Work& work, SearchDocument& document) {
  for (const auto& named : work.terms) {
    // A target of an SDG is found by its goal as well; a circle of terms ends after a few.
    std::string uri = named;
    for (int up = 0; up < 8 && !uri.empty(); ++up) {
      auto found = terms_.find(uri);
      if (found == terms_.end()) {
        ORIEL_TRY_ASSIGN(auto term, if_there(catalogue_.load_term(uri)));
        found = terms_.emplace(uri, std::move(term)).first;
      }
      if (!found->second) break;
      const Term& term = *found->second;
      document.facets[facet_of(term.scheme)].push_back(term.uri);
      add_words(term.label, false, document);
      if (!term.notation.empty()) document.texts.push_back({"", term.notation, false});
      uri = term.broader;
    }
  }
  return {};
}

Result<SearchDocument> SearchDocuments::of(const Work& work) {
  SearchDocument document;
  document.id = work.id;
  document.published = work.published_at.value_or(work.changed_at);
  add_words(work.title, true, document);
  add_words(work.about, false, document);
  for (const auto& page : work.pages) {
    add_words(page.title, false, document);
    for (const auto& block : page.blocks) add_words(block.text, false, document);
  }
  if (!work.credit.empty()) document.texts.push_back({"", work.credit, false});
  for (const auto& [scheme, value] : work.identifiers) document.texts.push_back({"", value, false});
  for (const auto& maker : work.makers) {
    if (!maker.party.empty())
      ORIEL_TRY(add_party(maker.party, document));
    else
      document.texts.push_back({"", maker.name, false});
  }
  for (const auto& steward : work.stewards) ORIEL_TRY(add_party(steward, document));
  ORIEL_TRY(add_terms(work, document));
  auto& facets = document.facets;
  facets[Facet::kind] = {name_of(work.kind)};
  const auto licence = find_licence(work.licence);
  facets[Facet::licence] = {name_of(licence ? licence->licence_class : LicenceClass::unknown)};
  facets[Facet::language] = work.languages;
  facets[Facet::institution] = work.stewards;
  if (work.audience) facets[Facet::age] = age_groups(*work.audience);
  return document;
}

void SearchDocuments::forget() {
  terms_.clear();
  parties_.clear();
}

Result<std::int64_t> SearchFollower::catch_up(std::int64_t count_max) {
  try {
    return take_in(count_max);
  } catch (const std::exception& error) {
    return fail(ErrorKind::internal, std::string("search index: ") + error.what());
  }
}

Result<std::int64_t> SearchFollower::take_in(std::int64_t count_max) {
  documents_.forget();
  ORIEL_TRY_ASSIGN(const auto works, catalogue_.list_changed(index_.change(), count_max));
  if (works.empty()) return 0;
  std::vector<SearchDocument> documents;
  std::vector<std::string> removed;
  for (const auto& work : works) {
    if (work.state != WorkState::published) {
      removed.push_back(work.id);
      continue;
    }
    ORIEL_TRY_ASSIGN(SearchDocument document, documents_.of(work));
    documents.push_back(std::move(document));
  }
  ORIEL_TRY(index_.apply(documents, removed, works.back().change));
  return static_cast<std::int64_t>(works.size());
}

}  // namespace oriel::commons

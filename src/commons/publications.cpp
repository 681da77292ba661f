#include "commons/publications.h"

#include <algorithm>
#include <set>

#include "commons/rows.h"

namespace oriel::commons {
namespace {

constexpr auto kKeptFor = std::chrono::seconds(5);

template <class Enum>
std::string name_of(Enum value) {
  return boost::describe::enum_to_string(value, "");
}

std::optional<WorkKind> kind_of(std::string_view name) {
  WorkKind kind{};
  if (!boost::describe::enum_from_string(std::string(name).c_str(), kind)) return std::nullopt;
  return kind;
}

// A question to the list: what follows "FROM work", its values, and the key it is ordered by.
struct Question {
  std::string from;
  std::string order;
  store::Values values;
};

Question question_of(const PublicationRequest& request) {
  Question question{
      " WHERE published_us IS NOT NULL AND (changed_us, id) > ($1, $2)"
      " AND changed_us < $3",
      " ORDER BY changed_us, id",
      {request.after.changed_us, request.after.id, request.end_us}};
  const auto& set = request.set;
  if (set.empty() || set == "kind") return question;
  if (set == "inst" || set == "sdg") {
    question.from +=
        " AND EXISTS (SELECT 1 FROM work_set WHERE work_set.work = work.id"
        " AND spec > $4 AND spec < $5)";
    question.values.emplace_back(set + ":");
    question.values.emplace_back(set + ";");  // the character after ':'
  } else if (set.starts_with("kind:")) {
    const auto kind = kind_of(std::string_view(set).substr(5));
    question.from += " AND kind = $4";
    question.values.emplace_back(kind ? static_cast<std::int64_t>(*kind) : std::int64_t{-1});
  } else {
    question.from =
        " JOIN work_set ON work_set.work = work.id WHERE spec = $4"
        " AND (at_us, work_set.work) > ($1, $2) AND at_us < $3";
    question.order = " ORDER BY at_us, work_set.work";
    question.values.emplace_back(set);
  }
  return question;
}

Result<void> add_sets(store::Session& session, std::vector<Publication>& page) {
  std::unordered_map<std::string, Publication*> by_id;
  std::vector<std::string> ids;
  for (auto& publication : page) {
    publication.sets = {"kind:" + name_of(publication.work.kind)};
    by_id.emplace(publication.work.id, &publication);
    ids.push_back(publication.work.id);
  }
  ORIEL_TRY(rows::query_in(
      session, "SELECT work, spec FROM work_set WHERE work", ids,
      [&](const store::Row& row) { by_id.at(row.text(0))->sets.push_back(row.text(1)); }));
  for (auto& publication : page) {
    auto& sets = publication.sets;
    std::sort(sets.begin(), sets.end());
    // The last round of a query may have given some twice.
    sets.erase(std::unique(sets.begin(), sets.end()), sets.end());
  }
  return {};
}

// Those of `wanted` that `kept` has go to `into`; what is left is given back.
template <class Map>
std::vector<std::string> taken_from(const Map& kept, const std::set<std::string>& wanted,
                                    Map& into) {
  std::vector<std::string> missing;
  for (const auto& key : wanted) {
    const auto found = kept.find(key);
    if (found == kept.end())
      missing.push_back(key);
    else
      into.insert(*found);
  }
  return missing;
}

std::string set_name(const std::string& spec, const Names& names) {
  if (spec == "kind") return "By kind";
  if (spec == "inst") return "By institution";
  if (spec == "sdg") return "By Sustainable Development Goal";
  if (spec.starts_with("inst:")) {
    const auto found = names.parties.find(spec.substr(5));
    if (found != names.parties.end() && found->second)
      return std::string(text_in(found->second->name, {"en"}));
  }
  if (spec.starts_with("sdg:")) return "SDG " + spec.substr(spec.rfind(':') + 1);
  return spec.substr(spec.find(':') + 1);
}

}  // namespace

Result<std::vector<Publication>> Publications::list(const PublicationRequest& request) const {
  auto question = question_of(request);
  question.values.emplace_back(request.count);
  const std::string sql = std::string(rows::kWorkColumns) + question.from + question.order +
                          " LIMIT $" + std::to_string(question.values.size());
  std::vector<Publication> page;
  ORIEL_TRY(database_.read([&](store::Session& session) -> Result<void> {
    page.clear();
    page.reserve(static_cast<std::size_t>(request.count));
    std::optional<Error> error;
    ORIEL_TRY(session.query(sql, question.values, [&](const store::Row& row) {
      if (error) return;
      auto work = rows::work_of(row);
      if (work)
        page.push_back({std::move(*work), {}});
      else
        error = std::move(work).error();
    }));
    if (error) return fail(std::move(*error));
    return add_sets(session, page);
  }));
  return page;
}

Result<std::int64_t> Publications::count(const PublicationRequest& request) const {
  const auto question = question_of(request);
  std::int64_t count = 0;
  ORIEL_TRY(database_.read([&](store::Session& session) {
    return session.query("SELECT count(*) FROM work" + question.from, question.values,
                         [&](const store::Row& row) { count = row.integer(0); });
  }));
  return count;
}

Result<std::optional<UtcTime>> Publications::earliest() const {
  std::optional<UtcTime> earliest;
  ORIEL_TRY(database_.read([&](store::Session& session) {
    earliest.reset();
    return session.query(
        "SELECT changed_us FROM work WHERE published_us IS NOT NULL ORDER BY changed_us, id"
        " LIMIT 1",
        {}, [&](const store::Row& row) { earliest = UtcTime{row.integer(0)}; });
  }));
  return earliest;
}

Result<Publication> Publications::load(const std::string& id) const {
  std::vector<Publication> page;
  ORIEL_TRY(database_.read([&](store::Session& session) -> Result<void> {
    page.clear();
    Result<Work> work = fail(ErrorKind::not_found, "nothing of that name was published");
    ORIEL_TRY(session.query(
        std::string(rows::kWorkColumns) + " WHERE id = $1 AND published_us IS NOT NULL", {id},
        [&](const store::Row& row) { work = rows::work_of(row); }));
    ORIEL_TRY(work);
    page.push_back({std::move(*work), {}});
    return add_sets(session, page);
  }));
  return std::move(page.front());
}

Result<std::vector<PublicationSet>> Publications::list_sets() const {
  std::set<std::string> specs = {"kind", "inst", "sdg"};
  for (int kind = 0; kind < kWorkKinds; ++kind)
    specs.insert("kind:" + name_of(static_cast<WorkKind>(kind)));
  Names names;
  ORIEL_TRY(database_.read([&](store::Session& session) -> Result<void> {
    // From one spec to the next by the index: there are few, of many Works each.
    ORIEL_TRY(session.query(
        "WITH RECURSIVE specs (spec) AS (SELECT min(spec) FROM work_set UNION ALL"
        " SELECT (SELECT min(work_set.spec) FROM work_set WHERE work_set.spec > specs.spec)"
        " FROM specs WHERE specs.spec IS NOT NULL) SELECT spec FROM specs WHERE spec IS NOT NULL",
        {}, [&](const store::Row& row) { specs.insert(row.text(0)); }));
    std::vector<std::string> parties;
    for (const auto& spec : specs)
      if (spec.starts_with("inst:")) parties.push_back(spec.substr(5));
    return add_parties(session, std::move(parties), names);
  }));
  std::vector<PublicationSet> sets;
  for (const auto& spec : specs) sets.push_back({spec, set_name(spec, names)});
  return sets;
}

Result<void> Publications::add_parties(store::Session& session, std::vector<std::string> ids,
                                       Names& names) const {
  std::optional<Error> error;
  ORIEL_TRY(rows::query_in(session, "SELECT id, version, content FROM party WHERE id", ids,
                           [&](const store::Row& row) {
                             auto content = rows::parse<PartyContent>(row.text(2), "a party");
                             if (!content) {
                               error = std::move(content).error();
                               return;
                             }
                             auto party = std::make_shared<Party>();
                             static_cast<PartyContent&>(*party) = std::move(*content);
                             party->id = row.text(0);
                             party->version = row.integer(1);
                             names.parties[party->id] = std::move(party);
                           }));
  if (error) return fail(std::move(*error));
  return {};
}

Result<void> Publications::add_terms(store::Session& session, std::vector<std::string> uris,
                                     Names& names) const {
  std::optional<Error> error;
  ORIEL_TRY(rows::query_in(session, "SELECT uri, content FROM term WHERE uri", uris,
                           [&](const store::Row& row) {
                             auto term = rows::parse<Term>(row.text(1), "a term");
                             if (term)
                               names.terms[row.text(0)] = std::make_shared<Term>(std::move(*term));
                             else
                               error = std::move(term).error();
                           }));
  if (error) return fail(std::move(*error));
  return {};
}

void Publications::keep(const Names& fresh) const {
  const auto now = clock_.steady();
  const std::lock_guard lock(mutex_);
  if (now - kept_since_ > kKeptFor || kept_.parties.size() + kept_.terms.size() > kKeptMax) {
    kept_ = {};
    kept_since_ = now;
  }
  kept_.parties.insert(fresh.parties.begin(), fresh.parties.end());
  kept_.terms.insert(fresh.terms.begin(), fresh.terms.end());
}

Result<Names> Publications::names_of(const std::vector<Publication>& page) const {
  std::set<std::string> parties, terms, files;
  for (const auto& [work, sets] : page) {
    parties.insert(work.stewards.begin(), work.stewards.end());
    for (const auto& maker : work.makers)
      if (!maker.party.empty()) parties.insert(maker.party);
    terms.insert(work.terms.begin(), work.terms.end());
    for (const auto& file : work.files) files.insert(file.sha256);
  }
  Names names;
  std::vector<std::string> new_parties, new_terms;
  {
    const auto now = clock_.steady();
    const std::lock_guard lock(mutex_);
    if (now - kept_since_ > kKeptFor) kept_ = {};
    new_parties = taken_from(kept_.parties, parties, names.parties);
    new_terms = taken_from(kept_.terms, terms, names.terms);
  }
  Names fresh;
  ORIEL_TRY(database_.read([&](store::Session& session) -> Result<void> {
    ORIEL_TRY(add_parties(session, new_parties, fresh));
    ORIEL_TRY(add_terms(session, new_terms, fresh));
    return rows::query_in(session, "SELECT sha256, bytes, type FROM file WHERE sha256",
                          {files.begin(), files.end()}, [&](const store::Row& row) {
                            File file;
                            file.sha256 = row.text(0);
                            file.bytes = row.integer(1);
                            file.type = row.text(2);
                            names.files[file.sha256] = std::move(file);
                          });
  }));
  names.parties.insert(fresh.parties.begin(), fresh.parties.end());
  names.terms.insert(fresh.terms.begin(), fresh.terms.end());
  keep(fresh);
  return names;
}

Result<std::vector<Publications::Address>> Publications::list_addresses(const std::string& after,
                                                                        std::int64_t count) const {
  std::vector<Address> addresses;
  ORIEL_TRY(database_.read([&](store::Session& session) {
    addresses.clear();
    return session.query(
        "SELECT id, changed_us FROM work WHERE state = $1 AND id > $2 ORDER BY id LIMIT $3",
        {static_cast<std::int64_t>(WorkState::published), after, count},
        [&](const store::Row& row) {
          addresses.push_back({row.text(0), UtcTime{row.integer(1)}});
        });
  }));
  return addresses;
}

Result<std::vector<std::string>> Publications::list_ends(std::int64_t stretch) const {
  std::vector<std::string> ends;
  ORIEL_TRY(database_.read([&](store::Session& session) -> Result<void> {
    ends.clear();
    // The end of a stretch and, where there is more, what comes after it.
    for (std::vector<std::string> found(2); found.size() == 2;) {
      const auto after = ends.empty() ? std::string() : ends.back();
      found.clear();
      ORIEL_TRY(session.query(
          "SELECT id FROM work WHERE state = $1 AND id > $2 ORDER BY id LIMIT 2 OFFSET $3",
          {static_cast<std::int64_t>(WorkState::published), after, stretch - 1},
          [&](const store::Row& row) { found.push_back(row.text(0)); }));
      if (found.size() == 2) ends.push_back(found.front());
    }
    return {};
  }));
  return ends;
}

}  // namespace oriel::commons

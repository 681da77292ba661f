#include "commons/work_sets.h"

#include <algorithm>
#include <set>

namespace oriel::commons {
namespace {

constexpr std::string_view kGoals = "http://metadata.un.org/sdg/";
constexpr std::size_t kGoalBytesMax = 8;
constexpr int kHigherMax = 8;

Result<void> add_stewards(store::Session& session, const Work& work, std::set<std::string>& specs) {
  for (const auto& steward : work.stewards) {
    std::string party = steward;
    for (int up = 0; up < kHigherMax && !party.empty(); ++up) {
      if (!specs.insert("inst:" + party).second) break;
      std::string above;
      ORIEL_TRY(session.query("SELECT above FROM party WHERE id = $1", {party},
                              [&](const store::Row& row) { above = row.text(0); }));
      party = std::move(above);
    }
  }
  return {};
}

}  // namespace

std::vector<std::string> sdg_sets(std::string_view term) {
  if (!term.starts_with(kGoals)) return {};
  const auto number = term.substr(kGoals.size());
  if (number.empty() || number.size() > kGoalBytesMax ||
      !std::all_of(number.begin(), number.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '.';
      }))
    return {};
  const auto goal = "sdg:" + std::string(number.substr(0, number.find('.')));
  if (number.find('.') == std::string_view::npos) return {goal};
  return {goal, goal + ":" + std::string(number)};
}

Result<void> write_sets(store::Session& session, const Work& work) {
  if (!work.published_at) return {};
  if (work.state == WorkState::deleted) {
    ORIEL_TRY(session.execute("UPDATE work_set SET at_us = $2 WHERE work = $1",
                              {work.id, work.changed_at.us}));
    return {};
  }
  std::set<std::string> specs;
  ORIEL_TRY(add_stewards(session, work, specs));
  for (const auto& term : work.terms)
    for (auto& spec : sdg_sets(term)) specs.insert(std::move(spec));
  ORIEL_TRY(session.execute("DELETE FROM work_set WHERE work = $1", {work.id}));
  for (const auto& spec : specs)
    ORIEL_TRY(session.execute("INSERT INTO work_set (work, spec, at_us) VALUES ($1, $2, $3)",
                              {work.id, spec, work.changed_at.us}));
  return {};
}

}  // namespace oriel::commons

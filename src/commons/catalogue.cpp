#include "commons/catalogue.h"

#include <algorithm>
#include <set>

#include "commons/file_type.h"
#include "commons/rows.h"
#include "commons/shelf.h"
#include "commons/work_chain.h"
#include "commons/work_sets.h"

namespace oriel::commons {

namespace {

using rows::kWorkColumns;
using rows::work_of;

// A Work ($1) and those it came from ($2: Relation::source), at most $3.
constexpr std::string_view kBehind =
    "WITH RECURSIVE found (id) AS (SELECT id FROM work WHERE id = $1 UNION SELECT"
    " work_link.target FROM work_link JOIN found ON work_link.work = found.id WHERE"
    " work_link.relation = $2), behind (id) AS (SELECT id FROM found LIMIT $3)";

std::int64_t number(Relation relation) { return static_cast<std::int64_t>(relation); }
std::int64_t number(WorkState state) { return static_cast<std::int64_t>(state); }

Result<WorkState> state_of(std::int64_t stored) {
  if (stored < 0 || stored > number(WorkState::deleted))
    return fail(ErrorKind::data_loss, "a Work is in a state that this program does not know");
  return static_cast<WorkState>(stored);
}

Result<std::int64_t> next_change(store::Session& session) {
  std::int64_t change = 0;
  ORIEL_TRY(
      session.query("INSERT INTO counter (name, next) VALUES ('work_change', 2)"
                    " ON CONFLICT (name) DO UPDATE SET next = counter.next + 1"
                    " RETURNING next",
                    {}, [&](const store::Row& row) { change = row.integer(0) - 1; }));
  return change;
}

Result<void> write_links(store::Session& session, const std::string& id,
                         const WorkContent& content) {
  std::set<std::pair<Relation, std::string>> links;
  for (const auto& held : held_works(content)) links.emplace(Relation::part, held);
  for (const auto& source : content.derived_from) links.emplace(Relation::source, source);
  for (const auto& steward : content.stewards) links.emplace(Relation::steward, steward);
  for (const auto& maker : content.makers)
    if (!maker.party.empty()) links.emplace(Relation::maker, maker.party);
  for (const auto& file : content.files) links.emplace(Relation::file, file.sha256);
  for (const auto& [relation, target] : links) {
    ORIEL_TRY(session.execute("INSERT INTO work_link (work, relation, target) VALUES ($1, $2, $3)",
                              {id, number(relation), target}));
  }
  return {};
}

// After the links are written: the Work is not reached from itself.
Result<void> check_circle(store::Session& session, const std::string& id) {
  const auto reaches_itself = [&](Relation relation) {
    return rows::exists(session,
                        "WITH RECURSIVE below (id) AS (SELECT target FROM work_link WHERE"
                        " work = $1 AND relation = $2 UNION SELECT work_link.target FROM work_link"
                        " JOIN below ON work_link.work = below.id WHERE work_link.relation = $2)"
                        " SELECT 1 FROM below WHERE id = $1",
                        {id, number(relation)});
  };
  ORIEL_TRY_ASSIGN(const bool contained, reaches_itself(Relation::part));
  if (contained) return fail(ErrorKind::invalid, "parts, pages: the Work would contain itself");
  ORIEL_TRY_ASSIGN(const bool derived, reaches_itself(Relation::source));
  if (derived) return fail(ErrorKind::invalid, "derived_from: the Work would come from itself");
  std::int64_t behind = 0;
  ORIEL_TRY(session.query(std::string(kBehind) + " SELECT count(*) FROM behind",
                          {id, number(Relation::source), Catalogue::kSourcesMax + 2},
                          [&](const store::Row& row) { behind = row.integer(0); }));
  if (behind > Catalogue::kSourcesMax + 1)
    return fail(ErrorKind::invalid, "derived_from: the Work would come from more than 10,000");
  return {};
}

// Puts `work` in the place of `old`, which goes to the history.
Result<void> replace(store::Session& session, const Work& old, Work& work) {
  ORIEL_TRY(session.execute(
      "INSERT INTO work_version (work, version, state, content, changed_us, changed_by, note)"
      " VALUES ($1, $2, $3, $4, $5, $6, $7)",
      {old.id, old.version, number(old.state), rows::serialise<WorkContent>(old), old.changed_at.us,
       old.changed_by, old.note}));
  ORIEL_TRY_ASSIGN(work.change, next_change(session));
  work.version = old.version + 1;
  const store::Value published =
      work.published_at ? store::Value(work.published_at->us) : store::Value(nullptr);
  ORIEL_TRY(session.execute(
      "UPDATE work SET change = $2, version = $3, kind = $4, state = $5, content = $6,"
      " changed_us = $7, changed_by = $8, note = $9, published_us = $10 WHERE id = $1",
      {work.id, work.change, work.version, static_cast<std::int64_t>(work.kind), number(work.state),
       rows::serialise<WorkContent>(work), work.changed_at.us, work.changed_by, work.note,
       published}));
  ORIEL_TRY(session.execute("DELETE FROM work_link WHERE work = $1", {work.id}));
  ORIEL_TRY(write_links(session, work.id, work));
  return write_sets(session, work);
}

Result<Work> load_version(store::Session& session, const WorkId& id, std::int64_t version) {
  ORIEL_TRY_ASSIGN(auto work, load_work(session, id));
  if (work.state == WorkState::deleted) return fail(ErrorKind::conflict, "the Work is deleted");
  if (work.version != version) {
    return fail(ErrorKind::conflict, "the Work was changed meanwhile, by " + work.changed_by +
                                         ": it has version " + std::to_string(work.version));
  }
  return work;
}

void sign(Work& work, const Contribution& contribution, UtcTime now) {
  work.changed_at = now;
  work.changed_by = contribution.by;
  work.note = contribution.note;
}

// Before the transaction: it reads what the Work came from, however much that is.
Result<void> check_licences(const Catalogue& catalogue, const WorkId& id) {
  constexpr std::size_t kSentencesMax = 10;
  ORIEL_TRY_ASSIGN(const auto chain, load_chain(catalogue, id, "", "en"));
  ORIEL_TRY_ASSIGN(const auto clashes, find_clashes(chain));
  if (clashes.empty()) return {};
  std::string told;
  for (std::size_t i = 0; i < std::min(clashes.size(), kSentencesMax); ++i)
    told += (told.empty() ? "" : " ") + clashes[i].en;
  if (clashes.size() > kSentencesMax)
    told += " And " + std::to_string(clashes.size() - kSentencesMax) + " more.";
  return fail(ErrorKind::conflict, std::move(told));
}

// What it holds is in public too, or who opens it finds holes.
Result<void> check_held(const Catalogue& catalogue, const WorkId& id) {
  ORIEL_TRY_ASSIGN(const auto work, catalogue.load_work(id));
  for (const auto& held : held_works(work)) {
    ORIEL_TRY_ASSIGN(const auto part, catalogue.load_work(WorkId(held)));
    if (part.state == WorkState::published) continue;
    return fail(ErrorKind::conflict, "it holds \"" + std::string(text_in(part.title, {"en"})) +
                                         "\" (" + part.id + "), which is not published");
  }
  return {};
}

Result<void> check_contribution(const Contribution& contribution) {
  return check_line(contribution.note, "note", 10'000);
}

}  // namespace

namespace rows {

Result<Work> work_of(const store::Row& row) {
  Work work;
  work.id = row.text(0);
  work.change = row.integer(1);
  work.version = row.integer(2);
  ORIEL_TRY_ASSIGN(work.state, state_of(row.integer(3)));
  ORIEL_TRY_ASSIGN(static_cast<WorkContent&>(work),
                   rows::parse<WorkContent>(row.text(4), "Work " + work.id));
  work.made_at = UtcTime{row.integer(5)};
  work.changed_at = UtcTime{row.integer(6)};
  work.changed_by = row.text(7);
  work.note = row.text(8);
  if (!row.is_null(9)) work.published_at = UtcTime{row.integer(9)};
  work.made_by = row.text(10);
  return work;
}

}  // namespace rows

Result<void> check_named(store::Session& session, const WorkContent& content) {
  const auto check_works = [&](const std::vector<std::string>& ids,
                               std::string_view path) -> Result<void> {
    for (const auto& id : ids) {
      ORIEL_TRY_ASSIGN(const bool found,
                       rows::exists(session, "SELECT 1 FROM work WHERE id = $1", {id}));
      if (!found) return fail(ErrorKind::invalid, std::string(path) + ": there is no Work " + id);
    }
    return {};
  };
  ORIEL_TRY(check_works(held_works(content), "parts, pages"));
  ORIEL_TRY(check_works(content.derived_from, "derived_from"));
  for (const auto& steward : content.stewards)
    ORIEL_TRY(rows::check_party(session, steward, "stewards"));
  for (const auto& maker : content.makers)
    if (!maker.party.empty()) ORIEL_TRY(rows::check_party(session, maker.party, "makers"));
  for (const auto& term : content.terms) ORIEL_TRY(rows::check_term(session, term, "terms"));
  for (const auto& file : content.files) {
    const auto kept = load_file(session, file.sha256);
    if (!kept && kept.error().kind == ErrorKind::not_found)
      return fail(ErrorKind::invalid, "files: there is no file " + file.sha256);
    ORIEL_TRY(kept);
    if (auto named = check_file_name(file.name, kept->type); !named)
      return fail(std::move(named).error().within("files"));
  }
  return {};
}

bool may_become(WorkState from, WorkState to) {
  using enum WorkState;
  switch (to) {
    case draft:
      return from == in_review || from == withdrawn;
    case in_review:
      return from == draft;
    case published:
      return from == in_review || from == withdrawn;
    case withdrawn:
      return from == published;
    case deleted:
      return from == draft || from == in_review || from == withdrawn;
  }
  return false;
}

Result<Work> add_work(store::Session& session, const WorkContent& content,
                      const Contribution& contribution, UtcTime now) {
  ORIEL_TRY(check(content));
  ORIEL_TRY(check_contribution(contribution));
  Work work;
  static_cast<WorkContent&>(work) = content;
  work.id = make_id(now);
  work.version = 1;
  work.made_at = now;
  work.made_by = contribution.by;
  sign(work, contribution, now);
  ORIEL_TRY(check_named(session, content));
  ORIEL_TRY_ASSIGN(work.change, next_change(session));
  const store::Value import =
      contribution.import.empty() ? store::Value(nullptr) : store::Value(contribution.import);
  ORIEL_TRY(session.execute(
      "INSERT INTO work (id, change, version, kind, state, content, made_us, changed_us,"
      " changed_by, note, made_by, import_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,"
      " $11, $12)",
      {work.id, work.change, work.version, static_cast<std::int64_t>(work.kind), number(work.state),
       rows::serialise(content), now.us, now.us, work.changed_by, work.note, work.made_by,
       import}));
  ORIEL_TRY(write_links(session, work.id, content));
  return work;
}

Result<Work> load_work(store::Session& session, const WorkId& id) {
  Result<Work> found = fail(ErrorKind::not_found, "there is no such Work");
  ORIEL_TRY(session.query(std::string(kWorkColumns) + " WHERE id = $1", {id.str()},
                          [&](const store::Row& row) { found = work_of(row); }));
  return found;
}

Result<Work> Catalogue::add_work(const WorkContent& content, const Contribution& contribution) {
  Work work;
  ORIEL_TRY(database_.write_durable([&](store::Session& session) -> Result<void> {
    ORIEL_TRY_ASSIGN(work, commons::add_work(session, content, contribution, clock_.now()));
    return {};
  }));
  return work;
}

Result<Work> Catalogue::load_work(const WorkId& id) const {
  Work work;
  ORIEL_TRY(database_.read([&](store::Session& session) -> Result<void> {
    ORIEL_TRY_ASSIGN(work, commons::load_work(session, id));
    return {};
  }));
  return work;
}

Result<Work> Catalogue::change_work(const WorkId& id, std::int64_t version,
                                    const WorkContent& content, const Contribution& contribution) {
  ORIEL_TRY(check(content));
  ORIEL_TRY(check_contribution(contribution));
  Work work;
  ORIEL_TRY(database_.write_durable([&](store::Session& session) -> Result<void> {
    ORIEL_TRY_ASSIGN(const auto old, load_version(session, id, version));
    ORIEL_TRY(check_named(session, content));
    work = old;
    static_cast<WorkContent&>(work) = content;
    sign(work, contribution, clock_.now());
    ORIEL_TRY(replace(session, old, work));
    return check_circle(session, id.str());
  }));
  return work;
}

Result<Work> move_work(store::Session& session, const WorkId& id, std::int64_t version,
                       WorkState state, const Contribution& contribution, UtcTime now) {
  ORIEL_TRY(check_contribution(contribution));
  ORIEL_TRY_ASSIGN(const auto old, load_version(session, id, version));
  if (!may_become(old.state, state)) {
    return fail(ErrorKind::conflict,
                "a Work that is " + std::string(boost::describe::enum_to_string(old.state, "")) +
                    " does not become " + std::string(boost::describe::enum_to_string(state, "")));
  }
  Work work = old;
  work.state = state;
  sign(work, contribution, now);
  if (state == WorkState::published && !work.published_at) work.published_at = work.changed_at;
  if (state == WorkState::deleted) {
    WorkContent kept;
    kept.kind = old.kind;
    kept.title = old.title;
    // Not shown any more; what was made of it is still withheld with the moment that it shows.
    kept.moment = old.moment;
    kept.derived_from = old.derived_from;
    static_cast<WorkContent&>(work) = kept;
  }
  ORIEL_TRY(replace(session, old, work));
  if (state == WorkState::deleted)
    ORIEL_TRY(session.execute("DELETE FROM work_version WHERE work = $1", {id.str()}));
  return work;
}

Result<Work> Catalogue::move_work(const WorkId& id, std::int64_t version, WorkState state,
                                  const Contribution& contribution) {
  if (state == WorkState::published) {
    ORIEL_TRY(check_held(*this, id));
    ORIEL_TRY(check_licences(*this, id));
  }
  Work work;
  ORIEL_TRY(database_.write_durable([&](store::Session& session) -> Result<void> {
    ORIEL_TRY_ASSIGN(work,
                     commons::move_work(session, id, version, state, contribution, clock_.now()));
    return {};
  }));
  return work;
}

Result<std::int64_t> Catalogue::count_unpublished(const std::string& account) const {
  std::int64_t count = 0;
  ORIEL_TRY(database_.read([&](store::Session& session) {
    return session.query("SELECT count(*) FROM work WHERE made_by = $1 AND state IN ($2, $3)",
                         {account, number(WorkState::draft), number(WorkState::in_review)},
                         [&](const store::Row& row) { count = row.integer(0); });
  }));
  return count;
}

Result<Page<Work>> Catalogue::list_works(std::optional<WorkState> state,
                                         const PageRequest& request) const {
  std::string sql(kWorkColumns);
  store::Values values{number(state.value_or(WorkState::deleted))};
  sql += state ? " WHERE state = $1" : " WHERE state <> $1";
  if (!request.after.empty()) {
    sql += " AND id < $2";
    values.emplace_back(request.after);
  }
  Page<Work> page;
  ORIEL_TRY(database_.read([&](store::Session& session) -> Result<void> {
    ORIEL_TRY_ASSIGN(
        page, rows::load_page<Work>(session, sql + " ORDER BY id DESC", values, request, work_of,
                                    [](const Work& work) { return work.id; }));
    return {};
  }));
  return page;
}

Result<Page<std::string>> Catalogue::list_naming(Relation relation, const std::string& target,
                                                 const PageRequest& request) const {
  Page<std::string> page;
  ORIEL_TRY(database_.read([&](store::Session& session) -> Result<void> {
    ORIEL_TRY_ASSIGN(
        page, rows::load_page<std::string>(
                  session,
                  "SELECT work FROM work_link WHERE target = $1 AND relation = $2 AND work > $3"
                  " ORDER BY work",
                  {target, number(relation), request.after}, request,
                  [](const store::Row& row) { return Result<std::string>(row.text(0)); },
                  [](const std::string& id) { return id; }));
    return {};
  }));
  return page;
}

Result<std::vector<Work>> Catalogue::list_changed(std::int64_t change,
                                                  std::int64_t count_max) const {
  Page<Work> page;
  const PageRequest request{"", count_max};
  ORIEL_TRY(database_.read([&](store::Session& session) -> Result<void> {
    ORIEL_TRY_ASSIGN(page,
                     rows::load_page<Work>(
                         session, std::string(kWorkColumns) + " WHERE change > $1 ORDER BY change",
                         {change}, request, work_of, [](const Work& work) { return work.id; }));
    return {};
  }));
  return std::move(page.items);
}

Result<std::vector<MomentOf>> Catalogue::list_moments(const WorkId& id) const {
  std::vector<MomentOf> moments;
  std::optional<Error> error;
  ORIEL_TRY(database_.read([&](store::Session& session) -> Result<void> {
    moments.clear();
    error.reset();
    std::int64_t behind = 0;
    // Most have no moment: they need not be read.
    ORIEL_TRY(session.query(
        std::string(kBehind) +
            " SELECT CASE WHEN content LIKE '%\"moment\":{%' THEN content ELSE '' END"
            " FROM work JOIN behind ON work.id = behind.id",
        {id.str(), number(Relation::source), kSourcesMax + 2}, [&](const store::Row& row) {
          if (++behind > kSourcesMax + 1)
            error = Error{ErrorKind::exhausted, "the Work comes from more than 10,000"};
          if (error || row.text(0).empty()) return;
          auto content = rows::parse<WorkContent>(row.text(0), "a Work");
          if (!content)
            error = std::move(content).error();
          else if (content->moment)
            moments.push_back(*content->moment);
        }));
    return {};
  }));
  if (error) return fail(std::move(*error));
  return moments;
}

Result<Page<WorkVersion>> Catalogue::list_versions(const WorkId& id,
                                                   const PageRequest& request) const {
  const auto read = [&](const store::Row& row) -> Result<WorkVersion> {
    WorkVersion version;
    version.version = row.integer(0);
    ORIEL_TRY_ASSIGN(version.state, state_of(row.integer(1)));
    ORIEL_TRY_ASSIGN(static_cast<WorkContent&>(version),
                     rows::parse<WorkContent>(row.text(2), "a version of Work " + id.str()));
    version.changed_at = UtcTime{row.integer(3)};
    version.changed_by = row.text(4);
    version.note = row.text(5);
    return version;
  };
  std::string sql =
      "SELECT version, state, content, changed_us, changed_by, note FROM work_version"
      " WHERE work = $1";
  store::Values values{id.str()};
  if (!request.after.empty()) {
    std::error_code error;
    const auto before = json::parse(request.after, error);
    if (error || !before.is_int64()) return fail(ErrorKind::invalid, "after: is not a version");
    sql += " AND version < $2";
    values.emplace_back(before.get_int64());
  }
  Page<WorkVersion> page;
  ORIEL_TRY(database_.read([&](store::Session& session) -> Result<void> {
    ORIEL_TRY(commons::load_work(session, id));
    ORIEL_TRY_ASSIGN(page, rows::load_page<WorkVersion>(
                               session, sql + " ORDER BY version DESC", values, request, read,
                               [](const WorkVersion& v) { return std::to_string(v.version); }));
    return {};
  }));
  return page;
}

}  // namespace oriel::commons

// Parties and terms in the database.
#include <algorithm>

#include "commons/rows.h"

namespace oriel::commons {

namespace rows {

Result<bool> exists(store::Session& session, std::string_view sql, const store::Values& values) {
  bool found = false;
  ORIEL_TRY(session.query(sql, values, [&](const store::Row&) { found = true; }));
  return found;
}

Result<void> query_in(store::Session& session, const std::string& sql,
                      const std::vector<std::string>& keys, const store::RowCallback& row) {
  // One statement however many there are: the last round repeats its last key.
  constexpr std::size_t kKeys = 64;
  std::string all = sql + " IN (";
  for (std::size_t i = 1; i <= kKeys; ++i) all += (i == 1 ? "$" : ", $") + std::to_string(i);
  all += ")";
  for (std::size_t begin = 0; begin < keys.size(); begin += kKeys) {
    store::Values values;
    values.reserve(kKeys);
    for (std::size_t i = 0; i < kKeys; ++i)
      values.emplace_back(keys[std::min(begin + i, keys.size() - 1)]);
    ORIEL_TRY(session.query(all, values, row));
  }
  return {};
}

Result<void> check_term(store::Session& session, const std::string& uri, std::string_view path) {
  ORIEL_TRY_ASSIGN(const bool found, exists(session, "SELECT 1 FROM term WHERE uri = $1", {uri}));
  if (found) return {};
  return fail(ErrorKind::invalid, std::string(path) + ": there is no term " + uri);
}

Result<void> check_party(store::Session& session, const std::string& id, std::string_view path) {
  ORIEL_TRY_ASSIGN(const bool found, exists(session, "SELECT 1 FROM party WHERE id = $1", {id}));
  if (found) return {};
  return fail(ErrorKind::invalid, std::string(path) + ": there is no party " + id);
}

}  // namespace rows

namespace {

constexpr std::string_view kPartyColumns = "SELECT id, version, content FROM party";

Result<Party> party_of(const store::Row& row) {
  Party party;
  party.id = row.text(0);
  party.version = row.integer(1);
  ORIEL_TRY_ASSIGN(static_cast<PartyContent&>(party),
                   rows::parse<PartyContent>(row.text(2), "party " + party.id));
  return party;
}

// What stands above it is there and not below it.
Result<void> check_above(store::Session& session, const std::string& id, const std::string& above) {
  if (above.empty()) return {};
  ORIEL_TRY(rows::check_party(session, above, "within"));
  ORIEL_TRY_ASSIGN(const bool circle,
                   rows::exists(session,
                                "WITH RECURSIVE higher (id) AS (SELECT above FROM party WHERE"
                                " id = $1 UNION SELECT party.above FROM party JOIN higher ON"
                                " party.id = higher.id) SELECT 1 FROM higher WHERE id = $1",
                                {id}));
  if (circle) return fail(ErrorKind::invalid, "within: the party would be within itself");
  return {};
}

Result<Term> term_of(const store::Row& row) { return rows::parse<Term>(row.text(0), "a term"); }

}  // namespace

Result<Party> load_party(store::Session& session, const PartyId& id) {
  Result<Party> found = fail(ErrorKind::not_found, "there is no such party");
  ORIEL_TRY(session.query(std::string(kPartyColumns) + " WHERE id = $1", {id.str()},
                          [&](const store::Row& row) { found = party_of(row); }));
  return found;
}

Result<Party> Catalogue::add_party(const PartyContent& content) {
  ORIEL_TRY(check(content));
  Party party{content, make_id(clock_.now()), 1};
  ORIEL_TRY(database_.write_durable([&](store::Session& session) -> Result<void> {
    ORIEL_TRY(
        session.execute("INSERT INTO party (id, version, above, content) VALUES ($1, 1, $2, $3)",
                        {party.id, content.within, rows::serialise(content)}));
    return check_above(session, party.id, content.within);
  }));
  return party;
}

Result<Party> Catalogue::load_party(const PartyId& id) const {
  Result<Party> found = fail(ErrorKind::internal, "not asked");
  ORIEL_TRY(database_.read([&](store::Session& session) -> Result<void> {
    found = commons::load_party(session, id);
    return {};
  }));
  return found;
}

Result<Party> Catalogue::change_party(const PartyId& id, std::int64_t version,
                                      const PartyContent& content) {
  ORIEL_TRY(check(content));
  Party party{content, id.str(), version + 1};
  ORIEL_TRY(database_.write_durable([&](store::Session& session) -> Result<void> {
    ORIEL_TRY_ASSIGN(const auto old, commons::load_party(session, id));
    if (old.version != version) {
      return fail(ErrorKind::conflict,
                  "the party was changed meanwhile: it has version " + std::to_string(old.version));
    }
    ORIEL_TRY(
        session.execute("UPDATE party SET version = $2, above = $3, content = $4 WHERE id = $1",
                        {id.str(), party.version, content.within, rows::serialise(content)}));
    return check_above(session, id.str(), content.within);
  }));
  return party;
}

Result<void> Catalogue::remove_party(const PartyId& id) {
  return database_.write_durable([&](store::Session& session) -> Result<void> {
    ORIEL_TRY_ASSIGN(const bool above,
                     rows::exists(session, "SELECT 1 FROM party WHERE above = $1", {id.str()}));
    if (above) return fail(ErrorKind::conflict, "other parties are within it");
    ORIEL_TRY_ASSIGN(const bool named,
                     rows::exists(session,
                                  "SELECT 1 FROM work_link WHERE target = $1 AND relation IN"
                                  " ($2, $3) LIMIT 1",
                                  {id.str(), static_cast<std::int64_t>(Relation::steward),
                                   static_cast<std::int64_t>(Relation::maker)}));
    if (named) return fail(ErrorKind::conflict, "Works name it as steward or maker");
    ORIEL_TRY_ASSIGN(const auto gone,
                     session.execute("DELETE FROM party WHERE id = $1", {id.str()}));
    if (gone == 0) return fail(ErrorKind::not_found, "there is no such party");
    return {};
  });
}

Result<Page<Party>> Catalogue::list_parties(const PageRequest& request) const {
  Page<Party> page;
  ORIEL_TRY(database_.read([&](store::Session& session) -> Result<void> {
    ORIEL_TRY_ASSIGN(
        page, rows::load_page<Party>(
                  session, std::string(kPartyColumns) + " WHERE id > $1 ORDER BY id",
                  {request.after}, request, party_of, [](const Party& party) { return party.id; }));
    return {};
  }));
  return page;
}

Result<void> Catalogue::put_term(const Term& term) {
  ORIEL_TRY(check(term));
  return database_.write_durable([&](store::Session& session) -> Result<void> {
    if (!term.broader.empty()) ORIEL_TRY(rows::check_term(session, term.broader, "broader"));
    ORIEL_TRY(session.execute(
        "INSERT INTO term (uri, scheme, content) VALUES ($1, $2, $3) ON CONFLICT (uri) DO UPDATE"
        " SET scheme = excluded.scheme, content = excluded.content",
        {term.uri, static_cast<std::int64_t>(term.scheme), rows::serialise(term)}));
    return {};
  });
}

Result<Term> Catalogue::load_term(const std::string& uri) const {
  Result<Term> found = fail(ErrorKind::internal, "not asked");
  ORIEL_TRY(database_.read([&](store::Session& session) -> Result<void> {
    found = fail(ErrorKind::not_found, "there is no such term");
    return session.query("SELECT content FROM term WHERE uri = $1", {uri},
                         [&](const store::Row& row) { found = term_of(row); });
  }));
  return found;
}

Result<Page<Term>> Catalogue::list_terms(std::optional<TermScheme> scheme,
                                         const PageRequest& request) const {
  Page<Term> page;
  ORIEL_TRY(database_.read([&](store::Session& session) -> Result<void> {
    std::string sql = "SELECT content FROM term WHERE uri > $1";
    store::Values values{request.after};
    if (scheme) {
      sql += " AND scheme = $2";
      values.emplace_back(static_cast<std::int64_t>(*scheme));
    }
    ORIEL_TRY_ASSIGN(
        page, rows::load_page<Term>(session, sql + " ORDER BY uri", std::move(values), request,
                                    term_of, [](const Term& term) { return term.uri; }));
    return {};
  }));
  return page;
}

}  // namespace oriel::commons

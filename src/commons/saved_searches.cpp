#include "commons/saved_searches.h"

#include "commons/ids.h"
#include "commons/text.h"

namespace oriel::commons {

Result<SavedSearch> SavedSearches::add(UserId account, const std::string& name,
                                       const std::string& query) {
  if (name.empty()) return fail(ErrorKind::invalid, "name: is empty");
  ORIEL_TRY(check_line(name, "name", kNameBytesMax));
  ORIEL_TRY(check_line(query, "query", kQueryBytesMax));
  SavedSearch search{make_id(clock_.now()), name, query, clock_.now()};
  ORIEL_TRY(database_.write_durable([&](store::Session& session) -> Result<void> {
    std::int64_t count = 0;
    ORIEL_TRY(session.query("SELECT count(*) FROM saved_search WHERE account = $1", {account.value},
                            [&](const store::Row& row) { count = row.integer(0); }));
    if (count >= static_cast<std::int64_t>(kCountMax))
      return fail(ErrorKind::conflict, "200 searches are saved: delete some first");
    ORIEL_TRY(session.execute(
        "INSERT INTO saved_search (id, account, name, query, made_us) VALUES ($1, $2, $3, $4, $5)",
        {search.id, account.value, name, query, search.made_at.us}));
    return {};
  }));
  return search;
}

Result<std::vector<SavedSearch>> SavedSearches::list(UserId account) const {
  std::vector<SavedSearch> searches;
  ORIEL_TRY(database_.read([&](store::Session& session) {
    searches.clear();
    return session.query(
        "SELECT id, name, query, made_us FROM saved_search WHERE account = $1 ORDER BY id",
        {account.value}, [&](const store::Row& row) {
          searches.push_back({row.text(0), row.text(1), row.text(2), UtcTime{row.integer(3)}});
        });
  }));
  return searches;
}

Result<void> SavedSearches::remove(UserId account, const std::string& id) {
  return database_.write_durable([&](store::Session& session) -> Result<void> {
    ORIEL_TRY_ASSIGN(const auto gone,
                     session.execute("DELETE FROM saved_search WHERE id = $1 AND account = $2",
                                     {id, account.value}));
    if (gone == 0) return fail(ErrorKind::not_found, "there is no such search");
    return {};
  });
}

}  // namespace oriel::commons

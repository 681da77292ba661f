#include "store/schema.h"

#include <chrono>

#include "base/log.h"

namespace oriel::store {

namespace {

// Times are microseconds UTC (_us), names are localised maps as JSON ({"en": "Eling Lake"}), yes
// and no are 1 and 0. Rows about media (recording, gap, withheld) do not reference feed and volume
// by foreign key: they are rebuilt from the volumes in any order, and outlive what they speak of.
Migration version_1() {
  return {1,
          {
              "CREATE TABLE sector (id TEXT PRIMARY KEY, name TEXT NOT NULL,"
              " position INTEGER NOT NULL, declared INTEGER NOT NULL)",
              "CREATE TABLE site (id TEXT PRIMARY KEY, sector TEXT, name TEXT NOT NULL,"
              " latitude REAL, longitude REAL, elevation_m REAL,"
              " published_latitude REAL, published_longitude REAL,"
              " time_zone TEXT, declared INTEGER NOT NULL)",
              "CREATE TABLE feed (id TEXT PRIMARY KEY, site TEXT, name TEXT NOT NULL,"
              " source TEXT NOT NULL, sub_source TEXT NOT NULL, record INTEGER NOT NULL,"
              " record_sub INTEGER NOT NULL, public INTEGER NOT NULL,"
              " public_audio INTEGER NOT NULL, delay_s INTEGER NOT NULL,"
              " part_ms INTEGER NOT NULL, paused INTEGER NOT NULL, paused_note TEXT NOT NULL,"
              " declared INTEGER NOT NULL, added_us INTEGER NOT NULL, removed_us INTEGER)",
              "CREATE TABLE volume (id TEXT PRIMARY KEY, path TEXT NOT NULL, marker TEXT NOT NULL,"
              " added_us INTEGER NOT NULL, retired_us INTEGER)",
              "CREATE TABLE init (id INTEGER PRIMARY KEY, sha256 BLOB NOT NULL UNIQUE,"
              " bytes BLOB NOT NULL, tracks TEXT NOT NULL)",
              // end_us and ended are NULL while the recording is open.
              "CREATE TABLE recording (id INTEGER PRIMARY KEY, feed TEXT NOT NULL,"
              " rendition INTEGER NOT NULL, run INTEGER NOT NULL, run_offset_90k INTEGER NOT NULL,"
              " volume TEXT NOT NULL, init INTEGER NOT NULL, start_us INTEGER NOT NULL,"
              " end_us INTEGER, bytes INTEGER NOT NULL, segment_index BLOB,"
              " began INTEGER NOT NULL, ended INTEGER, clock_source INTEGER NOT NULL,"
              " clock_error_us INTEGER NOT NULL, pose INTEGER, sha256 BLOB)",
              "CREATE INDEX recording_by_time ON recording (feed, rendition, start_us)",
              // Few at any time: a start looks only at these.
              "CREATE INDEX recording_open ON recording (volume) WHERE ended IS NULL",
              "CREATE TABLE gap (feed TEXT NOT NULL, start_us INTEGER NOT NULL, end_us INTEGER,"
              " reason INTEGER NOT NULL, PRIMARY KEY (feed, start_us))",
              "CREATE INDEX gap_open ON gap (feed) WHERE end_us IS NULL",
              // end_us NULL: from start_us on until further notice.
              "CREATE TABLE withheld (id INTEGER PRIMARY KEY, feed TEXT NOT NULL,"
              " start_us INTEGER NOT NULL, end_us INTEGER, reason TEXT NOT NULL,"
              " made_by TEXT NOT NULL, made_us INTEGER NOT NULL)",
              "CREATE INDEX withheld_by_time ON withheld (feed, start_us)",
              "CREATE TABLE account (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
              " password TEXT NOT NULL, role INTEGER NOT NULL, made_us INTEGER NOT NULL,"
              " disabled INTEGER NOT NULL)",
              "CREATE TABLE login_session (token_sha256 BLOB PRIMARY KEY,"
              " account INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,"
              " made_us INTEGER NOT NULL, seen_us INTEGER NOT NULL, expires_us INTEGER NOT NULL)",
              "CREATE INDEX login_session_by_account ON login_session (account)",
              "CREATE TABLE api_token (id INTEGER PRIMARY KEY, name TEXT NOT NULL,"
              " token_sha256 BLOB NOT NULL UNIQUE,"
              " account INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,"
              " scopes TEXT NOT NULL, made_us INTEGER NOT NULL, expires_us INTEGER,"
              " used_us INTEGER)",
              "CREATE INDEX api_token_by_account ON api_token (account)",
              "CREATE TABLE wall (name TEXT PRIMARY KEY, definition TEXT NOT NULL,"
              " updated_us INTEGER NOT NULL)",
              // next: the first number not yet handed to anyone; see counter.h.
              "CREATE TABLE counter (name TEXT PRIMARY KEY, next INTEGER NOT NULL)",
          }};
}

// A year of a feed is 105,000 recordings, strewn over the table among those of all other feeds:
// what a timeline asks for stands in the index, or each of them costs a page.
Migration version_2() {
  return {2,
          {
              "DROP INDEX recording_by_time",
              "CREATE INDEX recording_by_time ON recording"
              " (feed, rendition, start_us, id, end_us, began, ended)",
          }};
}

using Statements = std::vector<std::string_view>;

Statements alarms_and_time() {
  return {
      // cleared_us is NULL while the alarm is active; grade as notify/alarm.h has it.
      "CREATE TABLE alarm (id INTEGER PRIMARY KEY, kind TEXT NOT NULL,"
      " subject TEXT NOT NULL, grade INTEGER NOT NULL, message TEXT NOT NULL,"
      " raised_us INTEGER NOT NULL, times INTEGER NOT NULL,"
      " until_acknowledged INTEGER NOT NULL, cleared_us INTEGER,"
      " acknowledged_us INTEGER, acknowledged_by TEXT)",
      // Since when its recordings are given to other volumes.
      "ALTER TABLE volume ADD COLUMN draining_us INTEGER",
      "CREATE INDEX alarm_active ON alarm (id) WHERE cleared_us IS NULL",
      // The camera's clock minus ours, what the source says it sends, and what came.
      "ALTER TABLE recording ADD COLUMN clock_offset_us INTEGER NOT NULL DEFAULT 0",
      "ALTER TABLE recording ADD COLUMN declared_fps REAL NOT NULL DEFAULT 0",
      "ALTER TABLE recording ADD COLUMN frames INTEGER NOT NULL DEFAULT 0",
      // Empty: the window's.
      "ALTER TABLE feed ADD COLUMN licence TEXT NOT NULL DEFAULT ''",
  };
}

Statements seals() {
  return {
      // Seals, see archive/seal.h and archive/seal_rows.h. `unwritten` is the text of a
      // seal until it lies on a volume.
      "CREATE TABLE seal (feed TEXT NOT NULL, number INTEGER NOT NULL, day TEXT NOT NULL,"
      " made_us INTEGER NOT NULL, previous BLOB NOT NULL, entries INTEGER NOT NULL,"
      " head BLOB NOT NULL, key BLOB NOT NULL, signature BLOB NOT NULL, unwritten BLOB,"
      " PRIMARY KEY (feed, number))",
      "CREATE INDEX seal_by_day ON seal (feed, day)",
      "CREATE INDEX seal_unwritten ON seal (feed) WHERE unwritten IS NOT NULL",
      "CREATE TABLE unsealed (feed TEXT NOT NULL, day TEXT NOT NULL,"
      " PRIMARY KEY (feed, day))",
      "CREATE TABLE unsealed_deletion (recording INTEGER PRIMARY KEY, feed TEXT NOT NULL,"
      " day TEXT NOT NULL, rendition INTEGER NOT NULL, start_us INTEGER NOT NULL,"
      " end_us INTEGER NOT NULL, replaced_by INTEGER NOT NULL)",
      // What of a recording is unreadable, see archive/verifier.h; few at any time.
      "CREATE TABLE damage (recording INTEGER NOT NULL, feed TEXT NOT NULL,"
      " rendition INTEGER NOT NULL, start_us INTEGER NOT NULL, end_us INTEGER NOT NULL,"
      " what TEXT NOT NULL, found_us INTEGER NOT NULL, PRIMARY KEY (recording, start_us))",
      "CREATE INDEX damage_by_time ON damage (feed, rendition, start_us)",
      // How far the scrub is; one row.
      "CREATE TABLE scrub (name TEXT PRIMARY KEY, next INTEGER NOT NULL,"
      " began_us INTEGER NOT NULL, recordings INTEGER NOT NULL, bytes INTEGER NOT NULL,"
      " damaged INTEGER NOT NULL, repaired INTEGER NOT NULL, finished_us INTEGER)",
  };
}

Statements kept_days() {
  return {
      // The spans of days that are over, see archive/kept_days.h; days since 1970.
      "CREATE TABLE kept_day (feed TEXT NOT NULL, day INTEGER NOT NULL, spans BLOB NOT NULL,"
      " PRIMARY KEY (feed, day))",
  };
}

Statements retention() {
  return {
      // Thinning, see archive/thinning.h: 0 is all of it. What a timeline, the
      // rules of retention and the totals ask for stands in the index.
      "ALTER TABLE recording ADD COLUMN thinned INTEGER NOT NULL DEFAULT 0",
      "DROP INDEX recording_by_time",
      "CREATE INDEX recording_by_time ON recording"
      " (feed, rendition, start_us, id, end_us, began, ended, thinned, bytes, volume)",
      // Files whose recordings are deleted and which are still to be removed, see
      // archive/deletion.h; few at any time.
      "CREATE TABLE deletion (recording INTEGER PRIMARY KEY, feed TEXT NOT NULL,"
      " rendition INTEGER NOT NULL, volume TEXT NOT NULL, start_us INTEGER NOT NULL,"
      " end_us INTEGER NOT NULL, bytes INTEGER NOT NULL, replaced_by INTEGER,"
      " marked_us INTEGER NOT NULL)",
      // Files of thinned copies that have no row yet.
      "CREATE TABLE thinning (recording INTEGER PRIMARY KEY, original INTEGER NOT NULL,"
      " feed TEXT NOT NULL, rendition INTEGER NOT NULL, volume TEXT NOT NULL,"
      " start_us INTEGER NOT NULL)",
      // Files of recordings that go from one volume to another, see archive/moving.h.
      "CREATE TABLE moving (recording INTEGER NOT NULL, feed TEXT NOT NULL,"
      " rendition INTEGER NOT NULL, start_us INTEGER NOT NULL, to_volume TEXT NOT NULL,"
      " surplus TEXT NOT NULL, PRIMARY KEY (recording, to_volume))",
      // What people ordered to be deleted; kept for ever.
      "CREATE TABLE deletion_order (id INTEGER PRIMARY KEY, feed TEXT NOT NULL,"
      " start_us INTEGER NOT NULL, end_us INTEGER NOT NULL, reason TEXT NOT NULL,"
      " made_by TEXT NOT NULL, made_us INTEGER NOT NULL, recordings INTEGER NOT NULL,"
      " bytes INTEGER NOT NULL)",
      // feed NULL: all feeds. until_us NULL: until released. Kept for ever.
      "CREATE TABLE hold (id INTEGER PRIMARY KEY, feed TEXT, start_us INTEGER NOT NULL,"
      " end_us INTEGER NOT NULL, reason TEXT NOT NULL, made_by TEXT NOT NULL,"
      " made_us INTEGER NOT NULL, until_us INTEGER, released_by TEXT,"
      " released_us INTEGER)",
      // Which volumes' journals know of which hold.
      "CREATE TABLE hold_noted (hold INTEGER NOT NULL, volume TEXT NOT NULL,"
      " released INTEGER NOT NULL, PRIMARY KEY (hold, volume))",
      // scope: a feed, or '' for all that have no rule of their own.
      "CREATE TABLE retention_rule (scope TEXT PRIMARY KEY, rule TEXT NOT NULL,"
      " made_by TEXT NOT NULL, made_us INTEGER NOT NULL)",
  };
}

Statements commons() {
  return {
      // See commons/catalogue.h. content is what people write, as JSON; kind, state, scheme and
      // relation are enums of commons. `above` is '' where there is nothing above.
      "CREATE TABLE party (id TEXT PRIMARY KEY, version INTEGER NOT NULL, above TEXT NOT NULL,"
      " content TEXT NOT NULL)",
      "CREATE INDEX party_by_above ON party (above)",
      "CREATE TABLE term (uri TEXT PRIMARY KEY, scheme INTEGER NOT NULL, content TEXT NOT NULL)",
      "CREATE INDEX term_by_scheme ON term (scheme, uri)",
      "CREATE TABLE work (id TEXT PRIMARY KEY, change INTEGER NOT NULL,"
      " version INTEGER NOT NULL, kind INTEGER NOT NULL, state INTEGER NOT NULL,"
      " content TEXT NOT NULL, made_us INTEGER NOT NULL, changed_us INTEGER NOT NULL,"
      " changed_by TEXT NOT NULL, note TEXT NOT NULL, published_us INTEGER,"
      " made_by TEXT NOT NULL, import_id TEXT)",
      "CREATE INDEX work_by_import ON work (import_id, id) WHERE import_id IS NOT NULL",
      "CREATE TABLE work_import (id TEXT PRIMARY KEY, made_by TEXT NOT NULL,"
      " made_us INTEGER NOT NULL, works INTEGER NOT NULL, undone_us INTEGER)",
      "CREATE UNIQUE INDEX work_by_change ON work (change)",
      "CREATE INDEX work_by_state ON work (state, id)",
      "CREATE INDEX work_by_maker ON work (made_by, state)",
      // What a change of a Work replaced.
      "CREATE TABLE work_version (work TEXT NOT NULL, version INTEGER NOT NULL,"
      " state INTEGER NOT NULL, content TEXT NOT NULL, changed_us INTEGER NOT NULL,"
      " changed_by TEXT NOT NULL, note TEXT NOT NULL, PRIMARY KEY (work, version))",
      // Whom a Work names: works, parties, files.
      "CREATE TABLE work_link (work TEXT NOT NULL, relation INTEGER NOT NULL,"
      " target TEXT NOT NULL, PRIMARY KEY (work, relation, target))",
      "CREATE INDEX work_link_by_target ON work_link (target, relation, work)",
      // Bytes that are kept, see commons/file.h.
      "CREATE TABLE file (sha256 TEXT PRIMARY KEY, bytes INTEGER NOT NULL, type TEXT NOT NULL,"
      " width INTEGER, height INTEGER, duration_ms INTEGER, added_us INTEGER NOT NULL,"
      " added_by TEXT NOT NULL)",
      "CREATE INDEX file_by_time ON file (added_us)",
      "CREATE INDEX file_by_account ON file (added_by, bytes)",
      // Files on their way in, see commons/uploads.h. bytes NULL: its length is not known yet.
      "CREATE TABLE upload (id TEXT PRIMARY KEY, account TEXT NOT NULL, name TEXT NOT NULL,"
      " bytes INTEGER, sha256 TEXT NOT NULL, made_us INTEGER NOT NULL, seen_us INTEGER NOT NULL)",
      "CREATE INDEX upload_by_time ON upload (seen_us)",
  };
}

// What others copy and follow, see commons/publications.h and commons/saved_searches.h. at_us is
// the Work's changed_us; a deleted Work stays in the sets that it was in.
Statements exchange() {
  return {
      "CREATE INDEX work_by_publication ON work (changed_us, id) WHERE published_us IS NOT NULL",
      "CREATE INDEX work_by_kind ON work (kind, changed_us, id) WHERE published_us IS NOT NULL",
      "CREATE TABLE work_set (work TEXT NOT NULL, spec TEXT NOT NULL, at_us INTEGER NOT NULL,"
      " PRIMARY KEY (work, spec))",
      "CREATE INDEX work_set_by_spec ON work_set (spec, at_us, work)",
      "CREATE TABLE saved_search (id TEXT PRIMARY KEY, account INTEGER NOT NULL,"
      " name TEXT NOT NULL, query TEXT NOT NULL, made_us INTEGER NOT NULL)",
      "CREATE INDEX saved_search_by_account ON saved_search (account, id)",
  };
}

// The ten-year archive, and the commons. From here on a step only adds tables, and columns with a
// constant default, which costs nothing however many rows there are: what grows with the years is
// never rewritten. One index is made again: of what version 2 can have gathered, a second and a
// half a million rows.
Migration version_3() {
  Migration step{3, {}};
  for (const auto& part :
       {alarms_and_time(), seals(), kept_days(), retention(), commons(), exchange()})
    step.statements.insert(step.statements.end(), part.begin(), part.end());
  return step;
}

std::int64_t start_of_year_us(int year) {
  using namespace std::chrono;
  const sys_days day = std::chrono::year(year) / January / 1;
  return duration_cast<microseconds>(day.time_since_epoch()).count();
}

// Open recordings, and those of each year, as tables of their own behind the one name; a recording
// that closes goes by itself from the one to the other. So a year's table gets each row once,
// whole: nothing is left behind by the closing, and its indexes grow where a feed's rows end, page
// by full page. The years are made ahead for as long as this program may run; what lies before and
// after has one each. No database of version 2 exists there that would have rows. Columns go by
// their alignment, and what SQLite keeps in a byte in two: there are 8 million rows a year. Only
// the table of the open ones, few and short-lived, is to be swept often.
std::vector<std::string> recordings_by_year() {
  constexpr int kFirstYear = 2020;
  constexpr int kEndYear = 2045;
  const auto year_table = [](const std::string& name, const std::string& from,
                             const std::string& to) {
    return "CREATE TABLE recording_" + name +
           " PARTITION OF recording_closed (PRIMARY KEY (id)) FOR VALUES FROM (" + from + ") TO (" +
           to + ")";
  };
  const auto start = [](int year) { return std::to_string(start_of_year_us(year)); };
  std::vector<std::string> statements = {
      "DROP TABLE recording",
      "CREATE TABLE recording (id INTEGER NOT NULL, run INTEGER NOT NULL,"
      " run_offset_90k INTEGER NOT NULL, start_us INTEGER NOT NULL, end_us INTEGER,"
      " bytes INTEGER NOT NULL, clock_error_us INTEGER NOT NULL,"
      " clock_offset_us INTEGER NOT NULL DEFAULT 0, declared_fps REAL NOT NULL DEFAULT 0,"
      " pose INTEGER, init INT NOT NULL, frames INT NOT NULL DEFAULT 0,"
      " rendition SMALLINT NOT NULL, began SMALLINT NOT NULL, ended SMALLINT,"
      " clock_source SMALLINT NOT NULL, thinned SMALLINT NOT NULL DEFAULT 0,"
      " feed TEXT NOT NULL, volume TEXT NOT NULL, segment_index BLOB, sha256 BLOB)"
      " PARTITION BY LIST ((ended IS NULL))",
      "CREATE INDEX recording_by_time ON recording"
      " (feed, rendition, start_us, id, end_us, began, ended)",
      "CREATE TABLE recording_open PARTITION OF recording (PRIMARY KEY (id)) FOR VALUES IN (TRUE)"
      " WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500)",
      "CREATE TABLE recording_closed PARTITION OF recording FOR VALUES IN (FALSE)"
      " PARTITION BY RANGE (start_us)",
      year_table("before", "MINVALUE", start(kFirstYear))};
  for (int year = kFirstYear; year < kEndYear; ++year)
    statements.push_back(year_table(std::to_string(year), start(year), start(year + 1)));
  statements.push_back(year_table("after", start(kEndYear), "MAXVALUE"));
  return statements;
}

Result<void> refuse_newer(std::int64_t found, std::int64_t known) {
  if (found <= known) return {};
  return fail(ErrorKind::conflict,
              "the database has schema version " + std::to_string(found) +
                  " and was made by a newer Oriel; this program knows version " +
                  std::to_string(known) + " and would damage it: update Oriel");
}

Result<void> apply(Session& session, const Migration& step) {
  ORIEL_TRY_ASSIGN(const auto version, schema_version(session));
  if (version >= step.version) return {};
  for (const auto& statement : step.statements) ORIEL_TRY(session.execute(statement));
  ORIEL_TRY(session.execute("DELETE FROM schema_version"));
  ORIEL_TRY(session.execute("INSERT INTO schema_version (version) VALUES ($1)", {step.version}));
  return {};
}

}  // namespace

std::vector<Migration> migrations(Backend backend) {
  std::vector<Migration> steps = {version_1(), version_2(), version_3()};
  if (backend == Backend::postgresql) {
    auto& third = steps[2].statements;
    // They stand in the table already, where they weigh least.
    std::erase_if(third, [](const std::string& statement) {
      return statement.starts_with("ALTER TABLE recording ADD COLUMN");
    });
    const auto by_year = recordings_by_year();
    third.insert(third.begin(), by_year.begin(), by_year.end());
  }
  return steps;
}

Result<std::int64_t> schema_version(Session& session) {
  std::int64_t version = 0;
  ORIEL_TRY(session.query("SELECT version FROM schema_version", {},
                          [&](const Row& row) { version = row.integer(0); }));
  return version;
}

Result<void> migrate(Database& database, const std::vector<Migration>& steps) {
  std::int64_t version = 0;
  ORIEL_TRY(database.write([&](Session& session) -> Result<void> {
    ORIEL_TRY(
        session.execute("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)"));
    ORIEL_TRY_ASSIGN(version, schema_version(session));
    return refuse_newer(version, steps.empty() ? 0 : steps.back().version);
  }));
  for (const auto& step : steps) {
    if (step.version <= version) continue;
    auto applied = database.write_durable([&](Session& session) { return apply(session, step); });
    if (!applied) {
      return fail(
          std::move(applied).error().within("schema version " + std::to_string(step.version)));
    }
    log::info("database: schema version {}", step.version);
  }
  return {};
}

}  // namespace oriel::store

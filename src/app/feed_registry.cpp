#include "app/feed_registry.h"

#include "base/log.h"
#include "ingest/source_url.h"

namespace oriel::app {
namespace {

template <class T>
std::string json_text(const T& value) {
  return std::string(json::serialize(to_json(value)));
}

api::LocalisedText text_of(const std::string& stored) {
  std::error_code error;
  const auto parsed = json::parse(stored, error);
  if (error) return {};
  return from_json<api::LocalisedText>(parsed).value_or(api::LocalisedText{});
}

store::Value real_or_null(const std::optional<double>& value) {
  return value ? store::Value(*value) : store::Value(nullptr);
}

bool same(const api::FeedSettings& a, const api::FeedSettings& b) {
  return a.site == b.site && a.name == b.name && a.source == b.source &&
         a.sub_source == b.sub_source && a.record == b.record && a.record_sub == b.record_sub &&
         a.is_public == b.is_public && a.public_audio == b.public_audio && a.delay_s == b.delay_s &&
         a.part_ms == b.part_ms && a.licence == b.licence && a.declared == b.declared;
}

}  // namespace

FeedRegistry::FeedRegistry(store::Database& database, archive::Archive& archive,
                           access::PolicyBook& policies, const Clock& clock,
                           std::int64_t made_renditions_max)
    : database_(database),
      policies_(policies),
      clock_(clock),
      made_budget_(made_renditions_max),
      parts_{archive, clock, made_budget_, changed_} {}

FeedRegistry::~FeedRegistry() { stop(); }

Result<void> FeedRegistry::store_places(const Config& config) {
  ORIEL_TRY(database_.write([&](store::Session& session) -> Result<void> {
    ORIEL_TRY(session.execute("DELETE FROM sector WHERE declared = 1"));
    ORIEL_TRY(session.execute("DELETE FROM site WHERE declared = 1"));
    std::int64_t position = 0;
    for (const auto& sector : config.sectors)
      ORIEL_TRY(session.execute(
          "INSERT INTO sector (id, name, position, declared) VALUES ($1, $2, $3, 1)",
          {sector.id.str(), json_text(sector.name), position++}));
    for (const auto& site : config.sites) {
      const auto latitude = [](const auto& place) {
        return place ? std::optional(place->latitude) : std::nullopt;
      };
      const auto longitude = [](const auto& place) {
        return place ? std::optional(place->longitude) : std::nullopt;
      };
      const auto elevation = site.place ? site.place->elevation_m : std::nullopt;
      ORIEL_TRY(session.execute(
          "INSERT INTO site (id, sector, name, latitude, longitude, elevation_m,"
          " published_latitude, published_longitude, time_zone, declared)"
          " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1)",
          {site.id.str(), site.sector ? store::Value(site.sector->str()) : store::Value(nullptr),
           json_text(site.name), real_or_null(latitude(site.place)),
           real_or_null(longitude(site.place)), real_or_null(elevation),
           real_or_null(latitude(site.published)), real_or_null(longitude(site.published)),
           site.time_zone ? store::Value(*site.time_zone) : store::Value(nullptr)}));
    }
    return {};
  }));
  for (const auto& before : sites())
    if (std::none_of(config.sites.begin(), config.sites.end(),
                     [&](const api::Site& site) { return site.id == before.id; }))
      policies_.remove_site(before.id);
  for (const auto& site : config.sites)
    ORIEL_TRY(policies_.set_site(site.id, {site.place, site.published}));
  const std::lock_guard lock(mutex_);
  sectors_ = config.sectors;
  sites_ = config.sites;
  return {};
}

// A feed that is known stays paused; one that had been removed comes back as a new one.
Result<void> FeedRegistry::store_feed(const api::FeedSettings& settings) {
  return database_.write([&](store::Session& session) -> Result<void> {
    ORIEL_TRY(session.execute(
        "INSERT INTO feed (id, site, name, source, sub_source, record, record_sub, public,"
        " public_audio, delay_s, part_ms, licence, paused, paused_note, declared, added_us,"
        " removed_us)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, '', $13, $14, NULL)"
        " ON CONFLICT (id) DO UPDATE SET site = excluded.site, name = excluded.name,"
        " source = excluded.source, sub_source = excluded.sub_source, record = excluded.record,"
        " record_sub = excluded.record_sub, public = excluded.public,"
        " public_audio = excluded.public_audio, delay_s = excluded.delay_s,"
        " part_ms = excluded.part_ms, licence = excluded.licence, declared = excluded.declared,"
        " paused = CASE WHEN feed.removed_us IS NULL THEN feed.paused ELSE 0 END,"
        " paused_note = CASE WHEN feed.removed_us IS NULL THEN feed.paused_note ELSE '' END,"
        " removed_us = NULL",
        {settings.id.str(),
         settings.site ? store::Value(settings.site->str()) : store::Value(nullptr),
         json_text(settings.name), settings.source.reveal(),
         settings.sub_source ? settings.sub_source->reveal() : std::string(),
         std::int64_t{settings.record}, std::int64_t{settings.record_sub},
         std::int64_t{settings.is_public}, std::int64_t{settings.public_audio}, settings.delay_s,
         settings.part_ms, settings.licence, std::int64_t{settings.declared}, clock_.now().us}));
    return {};
  });
}

Result<std::vector<FeedRegistry::StoredFeed>> FeedRegistry::load_feeds() {
  std::vector<StoredFeed> feeds;
  ORIEL_TRY(database_.read([&](store::Session& session) {
    feeds.clear();
    return session.query(
        "SELECT id, site, name, source, sub_source, record, record_sub, public, public_audio,"
        " delay_s, part_ms, paused, paused_note, declared, licence FROM feed"
        " WHERE removed_us IS NULL ORDER BY added_us, id",
        {}, [&](const store::Row& row) {
          StoredFeed stored;
          auto& settings = stored.settings;
          settings.id = FeedId(row.text(0));
          if (!row.is_null(1)) settings.site = SiteId(row.text(1));
          settings.name = text_of(row.text(2));
          settings.source = Secret(row.text(3));
          if (!row.text(4).empty()) settings.sub_source = Secret(row.text(4));
          settings.record = row.integer(5) != 0;
          settings.record_sub = row.integer(6) != 0;
          settings.is_public = row.integer(7) != 0;
          settings.public_audio = row.integer(8) != 0;
          settings.delay_s = row.integer(9);
          settings.part_ms = row.integer(10);
          stored.paused = row.integer(11) != 0;
          stored.paused_note = row.text(12);
          settings.declared = row.integer(13) != 0;
          settings.licence = row.text(14);
          feeds.push_back(std::move(stored));
        });
  }));
  return feeds;
}

// What the file declared once and does not any more is removed; its recordings stay.
Result<void> FeedRegistry::forget_undeclared(const Config& config) {
  ORIEL_TRY_ASSIGN(const auto stored, load_feeds());
  for (const auto& feed : stored) {
    if (!feed.settings.declared) continue;
    const bool still =
        std::any_of(config.feeds.begin(), config.feeds.end(),
                    [&](const api::FeedSettings& f) { return f.id == feed.settings.id; });
    if (still) continue;
    ORIEL_TRY(database_.write([&](store::Session& session) -> Result<void> {
      ORIEL_TRY(session.execute("UPDATE feed SET removed_us = $1 WHERE id = $2",
                                {clock_.now().us, feed.settings.id.str()}));
      return {};
    }));
  }
  return {};
}

Result<void> FeedRegistry::set_policy(const api::FeedSettings& settings) {
  access::FeedPolicy policy;
  policy.site = settings.site;
  policy.is_public = settings.is_public;
  policy.public_audio = settings.public_audio;
  policy.delay = Duration::from_s(settings.delay_s);
  return policies_.set_feed(settings.id, policy);
}

Result<void> FeedRegistry::apply(const Config& config) {
  const std::lock_guard changing(changing_);
  ORIEL_TRY(store_places(config));
  ORIEL_TRY(forget_undeclared(config));
  for (const auto& feed : config.feeds) ORIEL_TRY(store_feed(feed));
  ORIEL_TRY_ASSIGN(const auto stored, load_feeds());

  std::vector<std::shared_ptr<FeedUnit>> gone;
  {
    const std::lock_guard lock(mutex_);
    for (auto it = units_.begin(); it != units_.end();) {
      const bool kept = std::any_of(stored.begin(), stored.end(), [&](const StoredFeed& s) {
        return s.settings.id == it->first;
      });
      if (kept) {
        ++it;
        continue;
      }
      gone.push_back(it->second);
      it = units_.erase(it);
    }
  }
  for (const auto& unit : gone) {
    policies_.remove_feed(unit->id());
    unit->stop();
  }
  for (const auto& feed : stored) {
    if (auto checked = check_source(feed.settings); !checked) {
      log::error("feed {} is left out: {}", feed.settings.id.str(), checked.error().message);
      continue;
    }
    ORIEL_TRY(run(feed));
  }
  changed_.notify();
  return {};
}

Result<void> FeedRegistry::run(const StoredFeed& stored) {
  ORIEL_TRY(set_policy(stored.settings));
  std::shared_ptr<FeedUnit> running = unit(stored.settings.id);
  if (running) {
    if (same(*running->settings(), stored.settings)) return {};
    running->stop();
    running->set_settings(stored.settings);
  } else {
    running = std::make_shared<FeedUnit>(parts_, stored.settings);
    const std::lock_guard lock(mutex_);
    units_[stored.settings.id] = running;
  }
  running->start();
  if (stored.paused) running->pause(stored.paused_note);
  return {};
}

void FeedRegistry::stop() {
  const std::lock_guard changing(changing_);
  std::map<FeedId, std::shared_ptr<FeedUnit>> units;
  {
    const std::lock_guard lock(mutex_);
    units = units_;
  }
  for (const auto& [id, unit] : units) unit->request_stop();
  for (const auto& [id, unit] : units) unit->stop();
}

std::vector<archive::WantedFeed> FeedRegistry::wanted() const {
  std::vector<std::shared_ptr<FeedUnit>> units;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, unit] : units_) units.push_back(unit);
  }
  std::vector<archive::WantedFeed> wanted;
  for (const auto& unit : units) wanted.push_back(unit->wanted());
  return wanted;
}

void FeedRegistry::recording_wanted(const FeedId& feed, media::Rendition rendition,
                                    media::Reason was) {
  if (const auto found = unit(feed)) found->request_new_run(rendition, was);
}

std::vector<api::Sector> FeedRegistry::sectors() const {
  const std::lock_guard lock(mutex_);
  return sectors_;
}

std::vector<api::Site> FeedRegistry::sites() const {
  const std::lock_guard lock(mutex_);
  return sites_;
}

std::vector<api::FeedPtr> FeedRegistry::feeds() const {
  const std::lock_guard lock(mutex_);
  std::vector<api::FeedPtr> feeds;
  for (const auto& [id, unit] : units_) feeds.push_back(unit);
  return feeds;
}

std::shared_ptr<FeedUnit> FeedRegistry::unit(const FeedId& id) const {
  const std::lock_guard lock(mutex_);
  const auto found = units_.find(id);
  return found == units_.end() ? nullptr : found->second;
}

api::FeedPtr FeedRegistry::find(const FeedId& id) const { return unit(id); }

Result<void> FeedRegistry::check_source(const api::FeedSettings& settings) const {
  ingest::SourceUrlOptions options;
  options.file_allowed = settings.declared;
  if (const auto url = ingest::SourceUrl::parse(settings.source.reveal(), options); !url)
    return fail(Error(url.error()).within("source"));
  if (settings.sub_source) {
    if (const auto url = ingest::SourceUrl::parse(settings.sub_source->reveal(), options); !url)
      return fail(Error(url.error()).within("sub_source"));
  }
  return {};
}

Result<void> FeedRegistry::add(api::FeedSettings settings) {
  const std::lock_guard changing(changing_);
  ORIEL_TRY(check_source(settings));
  if (unit(settings.id)) return fail(ErrorKind::conflict, "there is a feed with this id already");
  ORIEL_TRY(store_feed(settings));
  ORIEL_TRY(run({std::move(settings), false, ""}));
  changed_.notify();
  return {};
}

Result<void> FeedRegistry::change(api::FeedSettings settings) {
  const std::lock_guard changing(changing_);
  ORIEL_TRY(check_source(settings));
  const auto running = unit(settings.id);
  if (!running) return fail(ErrorKind::not_found, "there is no such feed");
  if (running->settings()->declared)
    return fail(ErrorKind::conflict,
                "this feed is declared in the configuration file; change it there");
  ORIEL_TRY(store_feed(settings));
  ORIEL_TRY(run({std::move(settings), running->status().state == api::FeedState::paused,
                 running->status().note}));
  changed_.notify();
  return {};
}

Result<void> FeedRegistry::remove(const FeedId& id) {
  const std::lock_guard changing(changing_);
  const auto running = unit(id);
  if (!running) return fail(ErrorKind::not_found, "there is no such feed");
  if (running->settings()->declared)
    return fail(ErrorKind::conflict,
                "this feed is declared in the configuration file; remove it there");
  ORIEL_TRY(database_.write([&](store::Session& session) -> Result<void> {
    ORIEL_TRY(session.execute("UPDATE feed SET removed_us = $1 WHERE id = $2",
                              {clock_.now().us, id.str()}));
    return {};
  }));
  {
    const std::lock_guard lock(mutex_);
    units_.erase(id);
  }
  policies_.remove_feed(id);
  running->stop();
  changed_.notify();
  return {};
}

Result<void> FeedRegistry::pause(const FeedId& id, std::string note) {
  const std::lock_guard changing(changing_);
  const auto running = unit(id);
  if (!running) return fail(ErrorKind::not_found, "there is no such feed");
  ORIEL_TRY(database_.write([&](store::Session& session) -> Result<void> {
    ORIEL_TRY(session.execute("UPDATE feed SET paused = 1, paused_note = $1 WHERE id = $2",
                              {note, id.str()}));
    return {};
  }));
  running->pause(note);
  return {};
}

Result<void> FeedRegistry::resume(const FeedId& id) {
  const std::lock_guard changing(changing_);
  const auto running = unit(id);
  if (!running) return fail(ErrorKind::not_found, "there is no such feed");
  ORIEL_TRY(database_.write([&](store::Session& session) -> Result<void> {
    ORIEL_TRY(
        session.execute("UPDATE feed SET paused = 0, paused_note = '' WHERE id = $1", {id.str()}));
    return {};
  }));
  running->resume();
  return {};
}

}  // namespace oriel::app

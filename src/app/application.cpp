#include "app/application.h"

#include <chrono>
#include <filesystem>

#include <sodium.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "access/accounts.h"
#include "access/authenticator.h"
#include "access/identity_cache.h"
#include "access/sessions.h"
#include "access/tokens.h"
#include "api/file_dimensions.h"
#include "api/film_shelf.h"
#include "api/screen_book.h"
#include "api/segment_files.h"
#include "api/services.h"
#include "api/still_cache.h"
#include "app/alarm_bridge.h"
#include "app/feed_registry.h"
#include "app/folder_lock.h"
#include "app/pages.h"
#include "app/picture_workers.h"
#include "app/policy_lines.h"
#include "base/log.h"
#include "base/signing.h"
#include "commons/house.h"
#include "http/server.h"
#include "http/static_files.h"
#include "image/pictures.h"
#include "store/file_objects.h"

namespace oriel::app {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kSegmentFilesBytes = std::uint64_t{64} << 20;
constexpr Duration kDatabaseRetry = Duration::from_s(2);
constexpr auto kComplainEvery = std::chrono::minutes(1);
constexpr std::size_t kStillCacheBytes = std::size_t{32} << 20;

Result<void> prepare_data(const Config& config) {
  std::error_code error;
  fs::create_directories(config.data, error);
  if (error) return fail(errno_error(error.value(), "data folder " + config.data));
  return {};
}

Result<std::vector<archive::VolumeOptions>> prepare_volumes(const Config& config) {
  if (!config.volumes.empty()) return config.volumes;
  archive::VolumeOptions volume;
  volume.id = VolumeId("archive");
  volume.path = (fs::path(config.data) / "archive").string();
  std::error_code error;
  fs::create_directories(volume.path, error);
  if (error) return fail(errno_error(error.value(), "archive folder " + volume.path));
  return std::vector{volume};
}

// Where the built pages are: named, beside a build, or installed.
std::string find_pages(const Config& config) {
  if (!config.web.empty()) return config.web;
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  for (fs::path folder = program.parent_path(); folder.has_relative_path();
       folder = folder.parent_path())
    if (fs::exists(folder / "web" / "dist" / "index.html", error))
      return (folder / "web" / "dist").string();
  return "/usr/share/oriel/web";
}

// Visitors must leave the descriptors that recording needs; a connection takes up to two.
std::size_t connections_allowed(const Config& config) {
  const auto wanted = static_cast<std::size_t>(config.http.connections_max);
  ::rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return wanted;
  const std::size_t kept = 256 + 16 * config.feeds.size();
  const auto enough = static_cast<::rlim_t>(2 * wanted + kept);
  if (files.rlim_cur < enough) {
    files.rlim_cur = std::min(enough, files.rlim_max);
    if (::setrlimit(RLIMIT_NOFILE, &files) != 0) ::getrlimit(RLIMIT_NOFILE, &files);
  }
  if (files.rlim_cur >= enough) return wanted;
  const auto limit = static_cast<std::size_t>(files.rlim_cur);
  const std::size_t allowed = std::max(limit / 8, limit > kept ? (limit - kept) / 2 : 0);
  log::warn("connections_max: {} instead of {}, since the program may open {} files only", allowed,
            wanted, limit);
  return allowed;
}

http::ServerOptions server_options(const Config& config) {
  http::ServerOptions options;
  options.listen = config.http.listen;
  options.threads = static_cast<std::size_t>(config.http.threads);
  options.connections_max = connections_allowed(config);
  options.connections_per_address_max =
      static_cast<std::size_t>(config.http.connections_per_address_max);
  options.trusted_proxies = config.http.trusted_proxies;
  if (config.http.public_url) options.websocket_origins = {*config.http.public_url};
  if (config.http.tls_certificate)
    options.tls = http::TlsOptions{*config.http.tls_certificate, *config.http.tls_key};
  return options;
}

class RunningApplication final : public Application {
 public:
  RunningApplication(const Config& config, const Clock& clock) : config_(config), clock_(clock) {}
  ~RunningApplication() override { stop(); }

  Result<void> start(const StopAsked& stop_asked);
  std::string address() const override {
    return std::string(config_.http.tls_certificate ? "https://" : "http://") +
           server_->bound_address() + "/";
  }
  Result<void> reload(const Config& config) override {
    post_office_->configure(config.notify);
    ORIEL_TRY(archive_->add_volumes(config.volumes));
    archive_->retention().rules().declare(config.retention);
    return feeds_->apply(config);
  }
  archive::Archive& archive() override { return *archive_; }
  api::Services& services() override { return *services_; }
  void stop() override;

 private:
  Result<void> open_database(const StopAsked& stop_asked);
  Result<void> open_alarms();
  Result<void> open_archive();
  Result<void> open_access();
  Result<void> open_commons();
  void make_routes();

  const Config config_;
  const Clock& clock_;
  FolderLock lock_;
  Metrics metrics_;
  std::unique_ptr<store::Database> database_;
  // Set after the registry exists; the writer's threads may call before.
  std::atomic<FeedRegistry*> wanting_ = nullptr;
  std::unique_ptr<notify::PostOffice> post_office_;
  std::unique_ptr<notify::AlarmBook> alarm_book_;
  std::unique_ptr<AlarmBridge> alarms_;
  std::unique_ptr<commons::House> commons_;  // its threads raise alarms
  std::unique_ptr<archive::Archive> archive_;
  std::unique_ptr<access::IdentityCache> identities_;
  std::unique_ptr<PolicyLines> policy_journal_;
  std::unique_ptr<access::PolicyBook> policies_;
  std::unique_ptr<access::Accounts> accounts_;
  std::unique_ptr<access::Sessions> sessions_;
  std::unique_ptr<access::ApiTokens> tokens_;
  std::unique_ptr<access::Authenticator> authenticator_;
  std::unique_ptr<FeedRegistry> feeds_;
  std::unique_ptr<WorkerPictures> pictures_;
  std::unique_ptr<image::Pictures> images_;
  std::unique_ptr<api::DimensionFinder> dimensions_;
  std::unique_ptr<api::StillCache> stills_;
  std::unique_ptr<api::FilmShelf> films_;
  std::unique_ptr<api::SegmentFiles> segment_files_;
  std::unique_ptr<api::ScreenBook> screens_;
  PublicKey node_key_;
  api::WindowSettings window_;
  std::unique_ptr<http::Offload> offload_;
  std::unique_ptr<http::Offload> slow_;
  std::unique_ptr<http::Offload> still_makers_;
  std::unique_ptr<http::Offload> shelving_;
  std::optional<http::StaticFiles> pages_;
  std::unique_ptr<api::Services> services_;
  http::Router router_;
  std::unique_ptr<http::Server> server_;
  bool stopped_ = false;
};

Result<void> RunningApplication::open_database(const StopAsked& stop_asked) {
  ORIEL_TRY(prepare_data(config_));
  ORIEL_TRY(lock_.take(config_.data));
  auto complain_at = clock_.steady();
  for (;;) {
    auto database = store::open_database(config_.database_url().reveal(), metrics_);
    if (database) {
      database_ = std::move(*database);
      return {};
    }
    const auto& error = database.error();
    if (error.kind != ErrorKind::unavailable || !stop_asked)
      return fail(std::move(database).error().within("database"));
    if (clock_.steady() >= complain_at) {
      log::warn("nothing is recorded yet, since the database does not answer: {}", error.message);
      complain_at = clock_.steady() + kComplainEvery;
    }
    if (stop_asked(kDatabaseRetry))
      return fail(ErrorKind::cancelled, "stopped while waiting for the database");
  }
}

Result<void> RunningApplication::open_alarms() {
  post_office_ = std::make_unique<notify::PostOffice>(clock_, metrics_);
  post_office_->configure(config_.notify);
  auto book = notify::AlarmBook::open({}, *database_, clock_, metrics_,
                                      [this](const notify::Notice& notice) {
                                        post_office_->push(notice);
                                        // The stream of events waits on this one signal.
                                        if (auto* feeds = wanting_.load())
                                          feeds->changed().notify();
                                      });
  if (!book) return fail(std::move(book).error().within("alarms"));
  alarm_book_ = std::move(*book);
  alarms_ = std::make_unique<AlarmBridge>(*alarm_book_);
  return {};
}

Result<void> RunningApplication::open_archive() {
  archive::ArchiveOptions options{*alarms_};
  ORIEL_TRY_ASSIGN(options.volumes, prepare_volumes(config_));
  ORIEL_TRY_ASSIGN(auto key, SigningKey::load_or_make(config_.key_file()));
  options.key = std::make_shared<const SigningKey>(std::move(key));
  node_key_ = options.key->public_key();
  options.scrub_round = Duration::from_s(config_.scrub_days * 86'400);
  options.declared_rules = config_.retention;
  options.writer.recording_wanted = [this](const FeedId& feed, media::Rendition rendition,
                                           media::Reason was) {
    if (auto* feeds = wanting_.load()) feeds->recording_wanted(feed, rendition, was);
  };
  options.watch.recording_wanted = options.writer.recording_wanted;
  options.watch.wanted = [this] {
    auto* feeds = wanting_.load();
    return feeds != nullptr ? feeds->wanted() : std::vector<archive::WantedFeed>{};
  };
  auto archive = archive::Archive::open(std::move(options), *database_, clock_, metrics_);
  if (!archive) return fail(std::move(archive).error().within("archive"));
  archive_ = std::move(*archive);
  return {};
}

Result<void> RunningApplication::open_access() {
  identities_ = std::make_unique<access::IdentityCache>(clock_, metrics_);
  policy_journal_ = std::make_unique<PolicyLines>(archive_->writer(), clock_);
  policies_ = std::make_unique<access::PolicyBook>(*database_, clock_, policy_journal_.get());
  accounts_ = std::make_unique<access::Accounts>(*database_, *identities_, clock_, metrics_,
                                                 access::AccountOptions{});
  sessions_ = std::make_unique<access::Sessions>(*database_, *identities_, clock_,
                                                 access::SessionOptions{});
  tokens_ = std::make_unique<access::ApiTokens>(*database_, *identities_, clock_);
  authenticator_ = std::make_unique<access::Authenticator>(*sessions_, *tokens_);
  ORIEL_TRY(sessions_->purge());
  return policies_->load();
}

Result<void> RunningApplication::open_commons() {
  store::FileObjectsOptions options{.folder = config_.data + "/objects"};
  std::error_code error;
  fs::create_directories(options.folder, error);
  // Left free for the database and the archive beside them: a GiB, or less of a small disk.
  if (const auto disk = fs::space(options.folder, error); !error)
    options.free_bytes_min = std::min(options.free_bytes_min, disk.capacity / 20);
  auto objects = store::open_file_objects(std::move(options));
  if (!objects) return fail(std::move(objects).error().within("objects"));
  ORIEL_TRY_ASSIGN(commons_, commons::House::open(std::move(*objects), *database_, clock_,
                                                  config_.data + "/search"));
  commons_->start([this](std::string_view why) {
    if (why.empty())
      alarm_book_->clear("search_behind", "commons");
    else
      alarm_book_->raise({"search_behind", "commons", notify::Grade::warning, false},
                         "What is published is not found by searching: " + std::string(why));
  });
  return {};
}

void RunningApplication::make_routes() {
  window_.name = config_.name;
  window_.version = ORIEL_VERSION;
  window_.demonstration = config_.demonstration;
  window_.node_key = node_key_;
  window_.tiles = config_.tiles;
  window_.licence = config_.licence;
  window_.contact = config_.contact;
  if (config_.http.public_metrics) window_.metrics_access = "public";
  if (const auto& url = config_.http.public_url) {
    window_.public_url = url->substr(0, url->find_last_not_of('/') + 1);
    window_.public_authority = url->substr(url->find("://") + 3);
  }
  services_ = std::make_unique<api::Services>(api::Services{
      *feeds_,    *archive_,      *alarm_book_,    *post_office_, *pictures_, *images_,
      *stills_,   *films_,        *segment_files_, *screens_,     *policies_, *accounts_,
      *sessions_, *tokens_,       *authenticator_, *database_,    *commons_,  *offload_,
      *slow_,     *still_makers_, *shelving_,      clock_,        metrics_,   window_});
  api::add_guard(router_, *services_);
  api::add_live_routes(router_, *services_);
  api::add_past_routes(router_, *services_);
  api::add_moment_routes(router_, *services_);
  api::add_film_routes(router_, *services_);
  api::add_feed_routes(router_, *services_);
  api::add_recording_routes(router_, *services_);
  api::add_desk_routes(router_, *services_);
  api::add_retention_routes(router_, *services_);
  api::add_account_routes(router_, *services_);
  api::add_wall_routes(router_, *services_);
  api::add_alarm_routes(router_, *services_);
  api::add_trust_routes(router_, *services_);
  api::add_work_routes(router_, *services_);
  api::add_moment_work_routes(router_, *services_);
  api::add_party_routes(router_, *services_);
  api::add_file_routes(router_, *services_);
  api::add_imprint_routes(router_, *services_);
  api::add_iiif_image_routes(router_, *services_);
  api::add_iiif_presentation_routes(router_, *services_);
  api::add_work_page(router_, *services_);
  api::add_rights_routes(router_, *services_);
  api::add_import_routes(router_, *services_);
  api::add_exchange_routes(router_, *services_);
  api::add_saved_search_routes(router_, *services_);
  api::add_operation_routes(router_, *services_);
  if (!config_.tiles.empty()) add_tiles(router_, config_.tiles, *offload_);
  const std::string folder = find_pages(config_);
  auto pages = http::StaticFiles::load(folder);
  if (!pages) {
    log::warn("no pages are served: {}", pages.error().message);
    return;
  }
  pages_ = std::move(*pages);
  window_.moment_page = pages_->text("/moment.html").value_or("");
  window_.work_page = pages_->text("/work.html").value_or("");
  window_.exhibit_page = pages_->text("/exhibit.html").value_or("");
  add_pages(router_, *pages_);
}

Result<void> RunningApplication::start(const StopAsked& stop_asked) {
  ORIEL_TRY(open_database(stop_asked));
  ORIEL_TRY(open_alarms());
  ORIEL_TRY(open_commons());
  ORIEL_TRY(open_archive());
  ORIEL_TRY(open_access());
  feeds_ = std::make_unique<FeedRegistry>(*database_, *archive_, *policies_, clock_,
                                          config_.made_renditions_max);
  wanting_ = feeds_.get();
  pictures_ = std::make_unique<WorkerPictures>(clock_);
  image::PicturesOptions images;
  images.folder = (fs::path(config_.data) / "cache" / "pyramids").string();
  images_ = std::make_unique<image::Pictures>(std::move(images), metrics_);
  dimensions_ = std::make_unique<api::DimensionFinder>(commons_->shelf, *images_);
  stills_ = std::make_unique<api::StillCache>(kStillCacheBytes);
  api::FilmShelfOptions films;
  films.folder = (fs::path(config_.data) / "cache" / "timelapse").string();
  films.bytes_max = static_cast<std::uint64_t>(config_.timelapse_cache_bytes);
  films_ =
      std::make_unique<api::FilmShelf>(std::move(films), *archive_, *policies_, clock_, metrics_);
  segment_files_ = std::make_unique<api::SegmentFiles>(kSegmentFilesBytes);
  screens_ = std::make_unique<api::ScreenBook>(clock_);
  offload_ = std::make_unique<http::Offload>(http::OffloadOptions{.name = "offload", .threads = 4},
                                             metrics_);
  slow_ = std::make_unique<http::Offload>(
      http::OffloadOptions{.name = "slow", .threads = 4, .queue_count_max = 128}, metrics_);
  still_makers_ = std::make_unique<http::Offload>(
      http::OffloadOptions{.name = "stills", .threads = 4, .queue_count_max = 64}, metrics_);
  shelving_ = std::make_unique<http::Offload>(
      http::OffloadOptions{.name = "shelving", .threads = 2, .queue_count_max = 32}, metrics_);
  make_routes();
  server_ =
      std::make_unique<http::Server>(server_options(config_), router_, *offload_, clock_, metrics_);
  // The port first: a second copy of the program must not connect to any camera.
  if (auto started = server_->start(); !started)
    return fail(std::move(started).error().within("listen on " + config_.http.listen));
  return feeds_->apply(config_);
}

void RunningApplication::stop() {
  if (stopped_) return;
  stopped_ = true;
  if (server_) {
    server_->request_stop();
    server_->join();
  }
  wanting_ = nullptr;
  if (films_) films_->request_stop();
  if (images_) images_->request_stop();
  if (dimensions_) dimensions_->request_stop();
  if (feeds_) feeds_->stop();
  if (archive_) archive_->stop();
  if (post_office_) post_office_->stop();
  if (commons_) commons_->request_stop();
  if (offload_) offload_->request_stop();
  if (slow_) slow_->request_stop();
  if (still_makers_) still_makers_->request_stop();
  if (shelving_) shelving_->request_stop();
}

}  // namespace

Result<std::unique_ptr<Application>> Application::start(const Config& config, const Clock& clock,
                                                        const StopAsked& stop_asked) {
  if (sodium_init() < 0) return fail(ErrorKind::internal, "libsodium cannot be initialised");
  ::umask(0077);  // the database holds cameras' passwords: nobody else reads it
  auto running = std::make_unique<RunningApplication>(config, clock);
  ORIEL_TRY(running->start(stop_asked));
  return std::unique_ptr<Application>(std::move(running));
}

}  // namespace oriel::app

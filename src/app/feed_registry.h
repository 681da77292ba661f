// The feeds of this node: what the configuration file declares and what the desk added.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "access/policy_book.h"
#include "api/feeds.h"
#include "app/config.h"
#include "app/feed_unit.h"
#include "store/database.h"

namespace oriel::app {

// Thread-safe. Changes are made one at a time; looking up never waits for them.
class FeedRegistry final : public api::FeedDirectory {
 public:
  FeedRegistry(store::Database& database, archive::Archive& archive, access::PolicyBook& policies,
               const Clock& clock, std::int64_t made_renditions_max);
  ~FeedRegistry() override;

  // Brings the database and what runs to what the file declares, and starts what is new. At start
  // and on SIGHUP. Blocks.
  Result<void> apply(const Config& config);
  // Ends all drivers; the archive is still open. Blocks.
  void stop();
  std::vector<archive::WantedFeed> wanted() const;
  // The writer has room again for a feed whose recording was refused.
  void recording_wanted(const FeedId& feed, media::Rendition rendition, media::Reason was);

  std::vector<api::Sector> sectors() const override;
  std::vector<api::Site> sites() const override;
  std::vector<api::FeedPtr> feeds() const override;
  api::FeedPtr find(const FeedId& id) const override;
  Result<void> add(api::FeedSettings settings) override;
  Result<void> change(api::FeedSettings settings) override;
  Result<void> remove(const FeedId& id) override;
  Result<void> pause(const FeedId& id, std::string note) override;
  Result<void> resume(const FeedId& id) override;
  http::Signal& changed() override { return changed_; }

 private:
  struct StoredFeed {
    api::FeedSettings settings;
    bool paused = false;
    std::string paused_note;
  };
  Result<void> store_places(const Config& config);
  Result<std::vector<StoredFeed>> load_feeds();
  Result<void> store_feed(const api::FeedSettings& settings);
  Result<void> forget_undeclared(const Config& config);
  Result<void> set_policy(const api::FeedSettings& settings);
  Result<void> run(const StoredFeed& stored);
  Result<void> check_source(const api::FeedSettings& settings) const;
  std::shared_ptr<FeedUnit> unit(const FeedId& id) const;

  store::Database& database_;
  access::PolicyBook& policies_;
  const Clock& clock_;
  http::Signal changed_;
  MadeBudget made_budget_;
  const FeedParts parts_;
  std::mutex changing_;  // held through a change; taken before mutex_
  mutable std::mutex mutex_;
  std::map<FeedId, std::shared_ptr<FeedUnit>> units_;  // guarded by mutex_
  std::vector<api::Sector> sectors_;                   // guarded by mutex_
  std::vector<api::Site> sites_;                       // guarded by mutex_
};

}  // namespace oriel::app

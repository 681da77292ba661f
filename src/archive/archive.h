// The whole log on disk, put together in the right order.
#pragma once
#include <atomic>
#include <list>
#include <memory>
#include <mutex>
#include <vector>

#include "archive/alarms.h"
#include "archive/catalog.h"
#include "archive/file_system.h"
#include "archive/id_allocator.h"
#include "archive/notary.h"
#include "archive/reader.h"
#include "archive/recovery.h"
#include "archive/retention.h"
#include "archive/scrub.h"
#include "archive/sweep.h"
#include "archive/verifier.h"
#include "archive/volume.h"
#include "archive/volume_care.h"
#include "archive/watch.h"
#include "archive/writer.h"
#include "base/metrics.h"
#include "base/result.h"
#include "base/thread.h"
#include "base/time.h"
#include "store/database.h"

namespace oriel::archive {

struct ArchiveOptions {
  AlarmSink& alarms;                   // outlives the archive
  std::vector<VolumeOptions> volumes;  // at least one
  WriterOptions writer;
  WatchOptions watch;  // without `wanted` nothing is compared, and nothing swept
  SweepOptions sweep;
  std::size_t cache_bytes_max = std::size_t{64} << 20;
  // Signs each feed's days. Absent: nothing is sealed.
  std::shared_ptr<const SigningKey> key;
  // Every recording is read again once in this time; zero: never.
  Duration scrub_round{};
  RetentionOptions retention;
  RetentionRules declared_rules;  // of the configuration file
};

// Owns volumes, writer, catalog, reader, cache and ids. Database, clock and metrics outlive it.
class Archive {
 public:
  // Opens the volumes, recovers, starts writing. Blocks. Errors: the database's; invalid without a
  // volume. A volume that is not there is not an error: see Volume::status().
  static Result<std::unique_ptr<Archive>> open(ArchiveOptions options, store::Database& database,
                                               const Clock& clock, Metrics& metrics);
  // As open(), with the file layer given (tests).
  static Result<std::unique_ptr<Archive>> open(ArchiveOptions options,
                                               std::unique_ptr<FileSystem> file_system,
                                               store::Database& database, const Clock& clock,
                                               Metrics& metrics);
  ~Archive();

  // Ordered stop: see Writer::stop(). Reading goes on. Twice is fine.
  void stop();

  Writer& writer() { return *writer_; }
  const Catalog& catalog() const { return *catalog_; }
  const Reader& reader() const { return *reader_; }
  SegmentCache& cache() { return *cache_; }
  Notary& notary() { return *notary_; }
  Retention& retention() { return *retention_; }
  media::IdSource& ids() { return *ids_; }
  FileSystem& file_system() { return *file_system_; }
  // As they are now; the list given stays as it is when others are added.
  const std::vector<Volume*>& volumes() const { return *volume_views_.load(); }
  // Uses further volumes from now on; those that are known already are left. Blocks. Errors: as
  // open(), exhausted.
  Result<void> add_volumes(const std::vector<VolumeOptions>& volumes);
  // Draining: see volume_care.h. Errors: not_found, conflict (it is the last one that takes
  // recordings), the database's.
  Result<void> set_draining(const VolumeId& volume, bool draining);
  VolumeCare& volume_care() { return *care_; }
  Sweep& sweep() { return *sweep_; }
  const RecoveryReport& recovery() const { return recovery_; }

 private:
  Archive() = default;
  std::unique_ptr<FileSystem> file_system_;
  std::vector<std::unique_ptr<Volume>> volumes_;
  void publish(std::vector<Volume*> volumes);

  store::Database* database_ = nullptr;
  const Clock* clock_ = nullptr;
  std::mutex volumes_mutex_;  // one change at a time
  // The newest list and those before it, which somebody may still hold; guarded by volumes_mutex_.
  std::list<std::vector<Volume*>> volume_lists_;
  std::atomic<const std::vector<Volume*>*> volume_views_ = nullptr;
  RecoveryReport recovery_;
  std::unique_ptr<IdAllocator> ids_;
  std::unique_ptr<Writer> writer_;
  std::unique_ptr<Catalog> catalog_;
  std::unique_ptr<Reader> reader_;
  std::unique_ptr<SegmentCache> cache_;
  std::unique_ptr<Sweep> sweep_;
  std::unique_ptr<Watch> watch_;
  std::unique_ptr<VolumeCare> care_;
  std::unique_ptr<Notary> notary_;
  std::unique_ptr<Verifier> verifier_;
  std::unique_ptr<Scrub> scrub_;
  std::unique_ptr<Retention> retention_;
  NamedThread refill_;
  NamedThread custody_;
  NamedThread scrubber_;
};

}  // namespace oriel::archive

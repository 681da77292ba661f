// Stills and source tests by ingest's worker processes.
#pragma once
#include "api/feeds.h"
#include "ingest/snapshot_process.h"

namespace oriel::app {

class WorkerPictures final : public api::PictureWorkers {
 public:
  explicit WorkerPictures(const Clock& clock) : clock_(clock) {}
  Result<Bytes> still(ByteView init, ByteView parts, std::int64_t offset_90k, int width) override {
    return pool_.jpeg(init, parts, offset_90k, width);
  }
  // Errors: as ingest::Source::open(), in words without the URL.
  Result<api::ProbedSource> probe(const Secret& source) override;

 private:
  const Clock& clock_;
  ingest::SnapshotPool pool_;
};

}  // namespace oriel::app

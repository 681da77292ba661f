#include <condition_variable>
#include <list>
#include <map>
#include <mutex>
#include <utility>

#include "archive/reader.h"

namespace oriel::archive {

struct SegmentCache::State {
  // One read that any number of callers wait for.
  struct Flight {
    bool done = false;
    Result<SharedBytes> result;
  };
  struct Entry {
    WireRange range;
    SharedBytes bytes;
  };

  State(const Reader& from, std::size_t bound, Metrics& metrics)
      : reader(from),
        bytes_max(bound),
        hits(metrics.counter("oriel_archive_cache_requests_total", "Ranges of the past asked for",
                             {{"result", "hit"}})),
        misses(metrics.counter("oriel_archive_cache_requests_total", "Ranges of the past asked for",
                               {{"result", "miss"}})),
        bytes_gauge(metrics.gauge("oriel_archive_cache_bytes", "Bytes of the past in memory")) {}

  Result<SharedBytes> load(const WireRange& range) const {
    ORIEL_TRY_ASSIGN(auto parts, reader.read_parts(range.recording, range.first, range.end));
    if (parts.pieces.size() != range.end - range.first)
      return fail(ErrorKind::not_found, "recording " + std::to_string(range.recording.value) +
                                            " has not all parts up to " +
                                            std::to_string(range.end));
    make_wire(parts, range.muted);
    parts.bytes.shrink_to_fit();
    return std::make_shared<const Bytes>(std::move(parts.bytes));
  }

  void insert(const WireRange& range, const SharedBytes& loaded) {  // mutex held
    if (loaded->size() > bytes_max / 4) return;  // one large range must not empty the cache
    entries.push_front({range, loaded});
    index[range] = entries.begin();
    bytes += loaded->size();
    while (bytes > bytes_max) drop(std::prev(entries.end()));
    bytes_gauge.set(static_cast<double>(bytes));
  }

  void drop(std::list<Entry>::iterator entry) {  // mutex held
    bytes -= entry->bytes->size();
    index.erase(entry->range);
    entries.erase(entry);
  }

  const Reader& reader;
  const std::size_t bytes_max;
  Counter& hits;
  Counter& misses;
  Gauge& bytes_gauge;
  std::mutex mutex;
  std::condition_variable landed;
  std::list<Entry> entries;  // guarded by mutex, as all below; most recently used first
  std::map<WireRange, std::list<Entry>::iterator> index;
  std::map<WireRange, std::shared_ptr<Flight>> flights;  // bounded by the callers' threads
  std::uint64_t forgotten = 0;                           // count of forget() calls
  std::size_t bytes = 0;
};

SegmentCache::SegmentCache(const Reader& reader, Metrics& metrics, std::size_t bytes_max)
    : state_(std::make_unique<State>(reader, bytes_max, metrics)) {}

SegmentCache::~SegmentCache() = default;

Result<SharedBytes> SegmentCache::get(const WireRange& range) {
  std::shared_ptr<State::Flight> flight;
  std::uint64_t forgotten = 0;
  {
    std::unique_lock lock(state_->mutex);
    if (const auto found = state_->index.find(range); found != state_->index.end()) {
      state_->entries.splice(state_->entries.begin(), state_->entries, found->second);
      state_->hits.add();
      return found->second->bytes;
    }
    if (const auto flying = state_->flights.find(range); flying != state_->flights.end()) {
      flight = flying->second;
      state_->hits.add();
      state_->landed.wait(lock, [&] { return flight->done; });
      return flight->result;
    }
    flight = std::make_shared<State::Flight>();
    state_->flights[range] = flight;
    forgotten = state_->forgotten;
  }
  state_->misses.add();
  auto loaded = state_->load(range);
  {
    const std::lock_guard lock(state_->mutex);
    flight->done = true;
    flight->result = loaded;
    state_->flights.erase(range);
    // What was forgotten while it was read must not come back.
    if (loaded && forgotten == state_->forgotten) state_->insert(range, *loaded);
  }
  state_->landed.notify_all();
  return loaded;
}

void SegmentCache::forget(RecordingId id) {
  const std::lock_guard lock(state_->mutex);
  ++state_->forgotten;
  for (auto at = state_->entries.begin(); at != state_->entries.end();) {
    const auto next = std::next(at);
    if (at->range.recording == id) state_->drop(at);
    at = next;
  }
}

}  // namespace oriel::archive

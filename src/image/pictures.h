// Pictures as the program serves them: what a file is, pieces of it, and its pyramid. All decoding
// is done by worker processes.
//
// A picture of more than kPlainPixelsMax gets a pyramid at the first demand, made in the
// background, one at a time, and kept on disk until the room is needed for others. The folder is a
// cache: anyone may empty it while the program is stopped.
#pragma once
#include <condition_variable>
#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include <boost/describe/enum.hpp>

#include "base/metrics.h"
#include "base/thread.h"
#include "image/picture_messages.h"
#include "image/pyramid.h"
#include "ingest/worker_pool.h"

namespace oriel::image {

// Smaller ones are decoded again for each request: a few milliseconds.
inline constexpr std::int64_t kPlainPixelsMax = 2'000'000;

enum class PyramidState { none, waiting, working, ready, failed };
BOOST_DESCRIBE_ENUM(PyramidState, none, waiting, working, ready, failed)

using PyramidPtr = std::shared_ptr<const Pyramid>;

struct PyramidStatus {
  PyramidState state = PyramidState::none;  // none: it needs none
  double progress = 0;                      // 0 to 1
  std::size_t before = 0;                   // that are made first
  PyramidPtr pyramid;                       // ready
  std::optional<Error> why;                 // failed
};

struct CutterOptions : ingest::WorkerPoolOptions {
  CutterOptions();
};
struct PyramidMakerOptions {
  PyramidMakerOptions();
  ingest::WorkerCommand command;
  std::chrono::milliseconds silence_max{120'000};  // without progress
  std::chrono::milliseconds whole_max{1'800'000};
};

struct PicturesOptions {
  // {folder}/{sha256}.pyramid. Made when it is not there; foreign files are removed.
  std::string folder;
  std::uint64_t bytes_max = std::uint64_t{20} << 30;  // overflow: least recently used goes, but one
  std::size_t pyramids_max = 50'000;                  // overflow: as above
  std::size_t open_max = 128;                         // overflow: least recently used is closed
  std::size_t waiting_max = 64;                       // overflow: refuse
  CutterOptions cutters;
  PyramidMakerOptions maker;
};

// Thread-safe.
class Pictures {
 public:
  // `metrics` outlives it. A folder that cannot be had is told with the first pyramid.
  Pictures(PicturesOptions options, Metrics& metrics);
  ~Pictures();

  // Whether that media type (of the bytes) is one that workers read.
  static bool is_picture(std::string_view type);
  // Why not: a sentence for who asks for a picture.
  static std::string why_no_picture(std::string_view type);

  // Blocks on a worker. `path` is the file, `type` its media type. Errors: unsupported (nothing
  // that has a size or a duration, too many pixels), data_loss (damaged), and those of
  // ingest::WorkerPool::ask().
  Result<FileFacts> describe(const std::string& path, std::string_view type);
  // A piece of the file at `path`, or of its pyramid where there is one. Blocks. Errors as above;
  // exhausted (the result is too long).
  Result<Bytes> cut(const std::string& sha256, const std::string& path, const ImageCut& cut);

  // One that is open already. Never blocks on a disk.
  PyramidPtr find_open(const std::string& sha256);
  // The pyramid of a picture of that size, or how far it is; begins one that is not there. Blocks
  // shortly, on the disk. Errors: exhausted (as many wait as may, ask later).
  Result<PyramidStatus> ask(const std::string& sha256, const std::string& path, Extent size);
  void request_stop();

 private:
  struct Job;
  struct Kept {
    std::string sha256;
    std::uint64_t bytes = 0;
    PyramidPtr open;  // or not
  };
  using KeptList = std::list<Kept>;

  std::string path_of(const std::string& sha256) const;
  void load();
  PyramidPtr open_kept(const std::string& sha256);
  void close_overflow();  // under mutex_
  std::vector<std::string> take_overflow();
  void run(const std::stop_token& stop);
  Result<void> make(Job& job, const std::string& to, const std::stop_token& stop);
  Result<void> check_room(Extent size) const;
  void keep(const Job& job, const std::string& made);
  PyramidStatus status_of(const Job& job) const;  // under mutex_

  const PicturesOptions options_;
  Counter& made_;
  Counter& cuts_;
  ingest::WorkerPool cutters_;

  mutable std::mutex mutex_;
  std::condition_variable_any wake_;
  KeptList kept_;                                              // guarded; newest first
  std::unordered_map<std::string, KeptList::iterator> found_;  // guarded; into kept_
  std::uint64_t bytes_ = 0;                                    // guarded; of kept_
  std::size_t open_ = 0;                                       // guarded; of kept_
  std::deque<std::shared_ptr<Job>> waiting_;                   // guarded; bounded by waiting_max
  std::shared_ptr<Job> working_;                               // guarded
  std::deque<std::shared_ptr<Job>> failed_;                    // guarded; bounded by kFailedMax
  NamedThread thread_;                                         // last: it uses all above
};

}  // namespace oriel::image

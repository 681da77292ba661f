// Time-lapses: made one at a time in the background, kept on disk while they are asked for.
#pragma once
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <boost/describe/enum.hpp>

#include "access/policy_book.h"
#include "api/film_plan.h"
#include "archive/archive.h"
#include "base/metrics.h"
#include "base/thread.h"
#include "http/message.h"
#include "ingest/film_process.h"
#include "media/movie_tags.h"

namespace oriel::api {

enum class FilmState { waiting, working, ready, failed };
BOOST_DESCRIBE_ENUM(FilmState, waiting, working, ready, failed)

struct FilmOrder {
  FilmWish wish;
  Filmable found;
  access::View view;
  access::Identity identity;  // the gate is asked again while the film is made
  media::MovieTags tags;
  std::string address;  // of who asks, so that one visitor does not fill the queue

  // The same for every order that gives the same film: what may be seen and what is recorded are
  // part of it, so that a film of what was withheld or deleted since is never found again.
  std::string key() const;
  // The same without `found`: what is known before the archive was looked through.
  std::string wish_key() const;
};

struct FilmStatus {
  FilmState state = FilmState::waiting;
  double progress = 0;     // 0 to 1
  std::size_t before = 0;  // films that are made first
  std::uint32_t frames = 0;
  Duration missing;                     // of the wished span: neither recorded nor visible
  std::optional<http::FileRange> file;  // of a film that is ready
  std::string key;                      // with it: names the film's bytes
  std::optional<Error> why;             // it failed
};

struct FilmShelfOptions {
  // {folder}/{feed}/{key}-{frames}.mp4. Made when it is not there; foreign files are removed.
  std::string folder;
  std::uint64_t bytes_max = std::uint64_t{2} << 30;  // overflow: least recently used goes, but one
  std::size_t films_max = 2'000;                     // overflow: as above
  std::size_t waiting_max = 8;                       // overflow: refuse
  std::size_t waiting_of_one_max = 2;                // of one address
  // A film for which nobody asks any more is given up.
  std::chrono::seconds patience{120};
  ingest::FilmOptions film;
};

// Thread-safe. ask() blocks shortly, on the disk.
class FilmShelf {
 public:
  // All outlive it. A folder that cannot be had is told with the first film.
  FilmShelf(FilmShelfOptions options, const archive::Archive& archive,
            const access::PolicyBook& policies, const Clock& clock, Metrics& metrics);
  ~FilmShelf();

  // How far the film of this wish is, where it is being made; `found` is not looked at. Cheap: for
  // who asks again and again.
  std::optional<FilmStatus> find_made(const FilmOrder& order);
  // The film, or how far it is; begins one that nobody has asked for before. Errors: exhausted (as
  // many wait as may, ask later).
  Result<FilmStatus> ask(const FilmOrder& order);
  // Removes every film of a feed, and gives up those being made: something of it was withheld or
  // deleted, and nothing of that stays on disk. Blocks on the disk.
  void forget(const FeedId& feed);
  void request_stop();

 private:
  struct Job;
  struct Kept {
    std::string feed;
    std::string key;
    std::string path;
    std::uint64_t bytes = 0;
    std::uint32_t frames = 0;
  };
  static constexpr std::size_t kFailedMax = 64;  // overflow: the oldest is forgotten

  void load();
  void load_feed(const std::string& folder, const std::string& feed,
                 std::vector<std::pair<std::filesystem::file_time_type, Kept>>& found) const;
  std::vector<std::string> take_overflow();
  bool wanted(const Job& job, const std::stop_token& stop) const;
  Result<void> check_gate(const Job& job, std::uint64_t& seen) const;
  void run(const std::stop_token& stop);
  Result<std::uint32_t> make(Job& job, const std::string& path, const std::stop_token& stop);
  void keep(Job& job, const std::string& path, std::uint32_t frames);
  FilmStatus status_of(const Job& job) const;  // under mutex_

  const FilmShelfOptions options_;
  const archive::Archive& archive_;
  const access::PolicyBook& policies_;
  const Clock& clock_;
  Counter& made_;
  Counter& refused_;

  mutable std::mutex mutex_;
  std::condition_variable_any wake_;
  std::list<Kept> kept_;                      // guarded; newest first
  std::uint64_t bytes_ = 0;                   // guarded; of kept_
  std::deque<std::shared_ptr<Job>> waiting_;  // guarded; bounded by waiting_max
  std::shared_ptr<Job> working_;              // guarded
  std::deque<std::shared_ptr<Job>> failed_;   // guarded; bounded by kFailedMax
  NamedThread thread_;                        // last: it uses all above
};

}  // namespace oriel::api

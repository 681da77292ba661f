#include "api/film_shelf.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <filesystem>

#include <fmt/format.h>
#include <sodium.h>

#include "base/log.h"
#include "ingest/film_process.h"

namespace oriel::api {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kEnding = ".mp4";
constexpr std::size_t kKeyLetters = 32;

// "2026-11-20 08:00 UTC"
std::string label_of(UtcTime at) {
  const std::string text = format_rfc3339(at);
  return text.substr(0, 10) + " " + text.substr(11, 5) + " UTC";
}

ingest::FilmRequest request_of(const FilmOrder& order, const std::string& path) {
  ingest::FilmRequest request;
  request.path = path;
  request.frames_per_s = static_cast<std::int32_t>(kFilmFrames_per_s);
  request.tags = order.tags;
  return request;
}

Result<http::FileRange> open_kept(const std::string& path) {
  auto file = http::open_file_range(path);
  if (!file) return file;
  std::error_code error;  // the time of its last use; only the order after a restart depends on it
  fs::last_write_time(path, fs::file_time_type::clock::now(), error);
  return file;
}

}  // namespace

std::string FilmOrder::wish_key() const {
  std::string text = fmt::format("{} {} {} {}", wish.feed.str(), wish.span.begin.us,
                                 wish.span.end.us, wish.length_s);
  if (wish.daylight_of)
    text += fmt::format(" {} {}", wish.daylight_of->latitude_deg, wish.daylight_of->longitude_deg);
  for (const auto& span : view.visible(wish.span))
    text += fmt::format(" {}-{}", span.begin.us, span.end.us);
  return text;
}

std::string FilmOrder::key() const {
  std::string text = wish_key() + "\n";
  for (const auto& span : found.spans) text += fmt::format(" {}-{}", span.begin.us, span.end.us);
  for (const auto* tag : {&tags.title, &tags.artist, &tags.description, &tags.copyright,
                          &tags.comment, &tags.address, &tags.location})
    text += "\n" + *tag;
  std::array<unsigned char, crypto_hash_sha256_BYTES> hash{};
  crypto_hash_sha256(hash.data(), as_bytes(text).data(), text.size());
  std::string hex;
  for (std::size_t i = 0; i < kKeyLetters / 2; ++i) hex += fmt::format("{:02x}", hash[i]);
  return hex;
}

struct FilmShelf::Job {
  FilmOrder order;
  std::string key;
  std::string wish_key;
  std::atomic<bool> stale = false;  // what may be seen has changed: nobody finds it any more
  std::atomic<std::uint32_t> done = 0;
  std::atomic<std::uint32_t> frames = 1;
  std::atomic<SteadyTime> asked;
  std::optional<Error> why;  // set before it is among the failed
};

FilmShelf::FilmShelf(FilmShelfOptions options, const archive::Archive& archive,
                     const access::PolicyBook& policies, const Clock& clock, Metrics& metrics)
    : options_(std::move(options)),
      archive_(archive),
      policies_(policies),
      clock_(clock),
      made_(metrics.counter("oriel_timelapses_made_total", "Time-lapses that were made")),
      refused_(metrics.counter("oriel_timelapses_refused_total",
                               "Time-lapses refused because as many wait as may")) {
  load();
  thread_ = NamedThread("films", [this](const std::stop_token& stop) { run(stop); });
}

FilmShelf::~FilmShelf() { request_stop(); }

void FilmShelf::request_stop() { thread_.request_stop(); }

// Names are {key}-{frames}.mp4; anything else is of a film that was not finished.
void FilmShelf::load_feed(const std::string& folder, const std::string& feed,
                          std::vector<std::pair<fs::file_time_type, Kept>>& found) const {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    Kept kept;
    kept.feed = feed;
    const std::string name = entry.path().filename().string();
    const std::string_view frames =
        std::string_view(name).substr(std::min(name.size(), kKeyLetters + 1));
    kept.key = name.substr(0, kKeyLetters);
    kept.path = entry.path().string();
    const auto read = std::from_chars(frames.data(), frames.data() + frames.size(), kept.frames);
    if (!name.ends_with(kEnding) || read.ec != std::errc{} || kept.frames == 0) {
      fs::remove(entry.path(), error);
      continue;
    }
    kept.bytes = entry.file_size(error);
    found.emplace_back(entry.last_write_time(error), std::move(kept));
  }
}

void FilmShelf::load() {
  std::error_code error;
  fs::create_directories(options_.folder, error);
  std::vector<std::pair<fs::file_time_type, Kept>> found;
  for (const auto& entry : fs::directory_iterator(options_.folder, error)) {
    if (entry.is_directory(error))
      load_feed(entry.path().string(), entry.path().filename().string(), found);
    else
      fs::remove(entry.path(), error);
  }
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.first > b.first; });
  for (auto& [time, kept] : found) {
    bytes_ += kept.bytes;
    kept_.push_back(std::move(kept));
  }
  for (const auto& path : take_overflow()) fs::remove(path, error);
}

// Under mutex_. The least recently used, out of the book; their files are for the caller to remove.
std::vector<std::string> FilmShelf::take_overflow() {
  std::vector<std::string> dropped;
  while ((bytes_ > options_.bytes_max || kept_.size() > options_.films_max) && kept_.size() > 1) {
    bytes_ -= kept_.back().bytes;
    dropped.push_back(std::move(kept_.back().path));
    kept_.pop_back();
  }
  return dropped;
}

FilmStatus FilmShelf::status_of(const Job& job) const {
  FilmStatus status;
  status.missing = job.order.found.missing;
  status.state = FilmState::working;
  status.progress = std::min(1.0, static_cast<double>(job.done) / job.frames);
  if (working_.get() == &job) return status;
  status.state = FilmState::waiting;
  status.before = working_ ? 1 : 0;
  for (const auto& other : waiting_) {
    if (other.get() == &job) break;
    ++status.before;
  }
  return status;
}

std::optional<FilmStatus> FilmShelf::find_made(const FilmOrder& order) {
  const std::string wish = order.wish_key();
  const std::lock_guard lock(mutex_);
  std::shared_ptr<Job> found = working_;
  for (const auto& job : waiting_)
    if (!found || found->wish_key != wish) found = job;
  if (!found || found->wish_key != wish || found->stale) return std::nullopt;
  found->asked = clock_.steady();
  return status_of(*found);
}

Result<FilmStatus> FilmShelf::ask(const FilmOrder& order) {
  const std::string key = order.key();
  std::optional<Kept> kept;
  {
    const std::lock_guard lock(mutex_);
    const auto found =
        std::find_if(kept_.begin(), kept_.end(), [&](const Kept& each) { return each.key == key; });
    if (found != kept_.end()) {
      kept_.splice(kept_.begin(), kept_, found);
      kept = kept_.front();
    }
  }
  if (kept) {
    if (auto file = open_kept(kept->path)) {
      FilmStatus status;
      status.state = FilmState::ready;
      status.progress = 1;
      status.frames = kept->frames;
      status.missing = order.found.missing;
      status.key = key;
      status.file = std::move(*file);
      return status;
    }
    // Somebody emptied the folder: it is made again.
    const std::lock_guard lock(mutex_);
    std::erase_if(kept_, [&](const Kept& each) {
      if (each.key != key) return false;
      bytes_ -= each.bytes;
      return true;
    });
  }
  const std::lock_guard lock(mutex_);
  const auto is_it = [&](const std::shared_ptr<Job>& job) {
    return job->key == key && !job->stale;
  };
  const auto now = clock_.steady();
  if (working_ && is_it(working_)) {
    working_->asked = now;
    return status_of(*working_);
  }
  if (const auto job = std::find_if(waiting_.begin(), waiting_.end(), is_it);
      job != waiting_.end()) {
    (*job)->asked = now;
    return status_of(**job);
  }
  if (const auto job = std::find_if(failed_.begin(), failed_.end(), is_it); job != failed_.end()) {
    FilmStatus status;
    status.state = FilmState::failed;
    status.why = (*job)->why;
    failed_.erase(job);  // told once; asked again it is tried again
    return status;
  }
  const auto of_one = std::count_if(waiting_.begin(), waiting_.end(), [&](const auto& job) {
    return job->order.address == order.address;
  });
  if (waiting_.size() >= options_.waiting_max ||
      static_cast<std::size_t>(of_one) >= options_.waiting_of_one_max) {
    refused_.add();
    return fail(ErrorKind::exhausted,
                "as many time-lapses are being made as may; ask again in a minute");
  }
  auto job = std::make_shared<Job>();
  job->order = order;
  job->key = key;
  job->wish_key = order.wish_key();
  job->asked = now;
  waiting_.push_back(job);
  wake_.notify_one();
  return status_of(*job);
}

void FilmShelf::forget(const FeedId& feed) {
  std::vector<std::string> dropped;
  {
    const std::lock_guard lock(mutex_);
    for (auto kept = kept_.begin(); kept != kept_.end();) {
      if (kept->feed != feed.str()) {
        ++kept;
        continue;
      }
      bytes_ -= kept->bytes;
      dropped.push_back(std::move(kept->path));
      kept = kept_.erase(kept);
    }
    if (working_ && working_->order.wish.feed == feed) working_->stale = true;
    std::erase_if(waiting_, [&](const auto& job) { return job->order.wish.feed == feed; });
  }
  std::error_code error;
  for (const auto& path : dropped) fs::remove(path, error);
}

bool FilmShelf::wanted(const Job& job, const std::stop_token& stop) const {
  return !stop.stop_requested() && !job.stale &&
         clock_.steady() - job.asked.load() <= options_.patience;
}

void FilmShelf::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    std::shared_ptr<Job> job;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, stop, [&] { return !waiting_.empty(); });
      if (stop.stop_requested()) return;
      job = waiting_.front();
      waiting_.pop_front();
      working_ = job;
    }
    const fs::path folder = fs::path(options_.folder) / job->order.wish.feed.str();
    std::error_code error;
    fs::create_directories(folder, error);
    const std::string path = (folder / (job->key + ".part")).string();
    auto frames = make(*job, path, stop);
    if (frames) {
      made_.add();
      keep(*job, path, *frames);
    } else {
      fs::remove(path, error);
      if (frames.error().kind != ErrorKind::cancelled)
        log::warn("time-lapse of {}: {}", job->order.wish.feed.str(), frames.error().message);
    }
    const std::lock_guard lock(mutex_);
    working_ = nullptr;
    if (frames || frames.error().kind == ErrorKind::cancelled) continue;
    job->why = frames.error();
    failed_.push_back(job);
    if (failed_.size() > kFailedMax) failed_.pop_front();
  }
}

Result<std::uint32_t> FilmShelf::make(Job& job, const std::string& path,
                                      const std::stop_token& stop) {
  const FilmOrder& order = job.order;
  const auto moments = film_moments(
      order.found.spans, static_cast<std::size_t>(order.wish.length_s * kFilmFrames_per_s));
  job.frames = static_cast<std::uint32_t>(std::max<std::size_t>(1, moments.size()));
  const Error unwanted{ErrorKind::cancelled, "nobody waits for it"};
  if (!wanted(job, stop)) return fail(unwanted);
  ORIEL_TRY_ASSIGN(auto film, ingest::FilmProcess::begin(request_of(order, path), options_.film));
  const std::stop_callback wake(stop, [&film] { film.request_stop(); });
  KeyPictures pictures(archive_, order.wish.feed);
  // The order's view may be older than the last change.
  std::uint64_t gate = UINT64_MAX;
  std::size_t unread = 0;
  for (const auto& moment : moments) {
    ++job.done;
    if (!wanted(job, stop)) return fail(unwanted);
    ORIEL_TRY(check_gate(job, gate));
    auto picture = pictures.find(moment, order.view);
    // A damaged or missing recording among many is a hole, as any other.
    if (!picture) ++unread;
    if (!picture || !*picture) continue;
    auto added =
        film.add({*(*picture)->init, std::move((*picture)->part), label_of((*picture)->at)});
    if (!added) return fail(wanted(job, stop) ? added.error() : unwanted);
  }
  if (unread > 0)
    log::info("time-lapse of {}: {} of {} pictures could not be read", order.wish.feed.str(),
              unread, moments.size());
  auto frames = film.finish();
  ORIEL_TRY(check_gate(job, gate));
  if (!wanted(job, stop)) return fail(unwanted);
  return frames;
}

// Errors: cancelled (what may be seen has changed; who asks again gets another film).
Result<void> FilmShelf::check_gate(const Job& job, std::uint64_t& seen) const {
  const auto version = policies_.version();
  if (version == seen) return {};
  seen = version;
  const FilmOrder& order = job.order;
  const auto view = policies_.view(order.wish.feed, order.identity);
  if (!view || view->visible(order.wish.span) != order.view.visible(order.wish.span))
    return fail(ErrorKind::cancelled, "what may be seen of this time has changed meanwhile");
  return {};
}

void FilmShelf::keep(Job& job, const std::string& path, std::uint32_t frames) {
  Kept kept;
  kept.feed = job.order.wish.feed.str();
  kept.key = job.key;
  kept.frames = frames;
  kept.path =
      (fs::path(path).parent_path() / fmt::format("{}-{}{}", job.key, frames, kEnding)).string();
  std::error_code error;
  fs::rename(path, kept.path, error);
  kept.bytes = fs::file_size(kept.path, error);
  if (error) {
    log::warn("time-lapse: {}", error.message());
    return;
  }
  std::vector<std::string> dropped;
  {
    const std::lock_guard lock(mutex_);
    // forget() may have come since the film was finished.
    if (job.stale) {
      dropped.push_back(std::move(kept.path));
    } else {
      bytes_ += kept.bytes;
      kept_.push_front(std::move(kept));
      dropped = take_overflow();
    }
  }
  for (const auto& old : dropped) fs::remove(old, error);
}

}  // namespace oriel::api

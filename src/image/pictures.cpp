#include "image/pictures.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <thread>

#include <fcntl.h>
#include <sys/socket.h>

#include "base/log.h"
#include "base/sha256.h"
#include "ingest/worker_process.h"
#include "ingest/worker_talk.h"

namespace oriel::image {
namespace {

namespace fs = std::filesystem;
using ingest::Message;
using ingest::MessageType;

constexpr std::string_view kEnding = ".pyramid";
constexpr std::string_view kTypes[] = {"image/jpeg", "image/png", "image/webp", "image/tiff",
                                       "image/gif"};
constexpr std::size_t kFailedMax = 256;  // overflow: the oldest is forgotten
// Left free for the database and the archive beside the cache.
constexpr std::uint64_t kFreeBytesMin = std::uint64_t{1} << 30;

// What libvips's libraries take of it alone is a quarter of a GiB.
constexpr std::uint64_t kCutterBytes = std::uint64_t{2} << 30;
constexpr std::uint64_t kMakerBytes = std::uint64_t{4} << 30;

Result<Message> believed(Result<Message> answer, MessageType wanted) {
  if (!answer || answer->type == wanted) return answer;
  if (answer->type == MessageType::refused) return fail(parse_refusal(answer->payload));
  return fail(ErrorKind::data_loss, "the picture worker talks nonsense");
}

// Damage and what is not read stay as they are; the rest may be better next time.
bool is_lasting(ErrorKind kind) {
  return kind == ErrorKind::data_loss || kind == ErrorKind::unsupported;
}

}  // namespace

CutterOptions::CutterOptions() {
  command.name = "picture";
  command.address_space_bytes = kCutterBytes;
  command.cpu_seconds = 600;
  command.dies_with_thread = false;
  workers_max = std::max(2U, std::thread::hardware_concurrency());
  waiting_max = 64;
  deadline = std::chrono::seconds(30);
}

PyramidMakerOptions::PyramidMakerOptions() {
  command.name = "picture";
  command.address_space_bytes = kMakerBytes;
  command.cpu_seconds = 1'800;
  command.niceness = 15;
}

struct Pictures::Job {
  std::string sha256;
  std::string path;
  Extent size;
  std::atomic<int> permille = 0;
  std::optional<Error> why;  // set before it is among the failed
};

Pictures::Pictures(PicturesOptions options, Metrics& metrics)
    : options_(std::move(options)),
      made_(metrics.counter("oriel_pyramids_made_total", "Pyramids of pictures that were made")),
      cuts_(metrics.counter("oriel_pictures_cut_total", "Pictures that a worker made on demand")),
      cutters_(options_.cutters) {
  load();
  thread_ = NamedThread("pyramids", [this](const std::stop_token& stop) { run(stop); });
}

Pictures::~Pictures() { request_stop(); }

void Pictures::request_stop() { thread_.request_stop(); }

bool Pictures::is_picture(std::string_view type) {
  return std::find(std::begin(kTypes), std::end(kTypes), type) != std::end(kTypes);
}

std::string Pictures::why_no_picture(std::string_view type) {
  if (type.starts_with("image/hei") || type == "image/avif" || type == "image/jp2")
    return "pictures of the type " + std::string(type) +
           " are not decoded: share a JPEG, PNG, WebP, TIFF or GIF beside it";
  if (type == "image/svg+xml" || type == "application/pdf")
    return "a file of the type " + std::string(type) +
           " is a document that may hold a script, and is not drawn";
  return "a file of the type " + std::string(type) + " is no picture";
}

std::string Pictures::path_of(const std::string& sha256) const {
  return (fs::path(options_.folder) / (sha256 + std::string(kEnding))).string();
}

void Pictures::load() {
  std::error_code error;
  fs::create_directories(options_.folder, error);
  std::vector<std::pair<fs::file_time_type, Kept>> found;
  for (const auto& entry : fs::directory_iterator(options_.folder, error)) {
    const std::string name = entry.path().stem().string();
    if (entry.path().extension() != kEnding || !parse_sha256(name)) {
      fs::remove(entry.path(), error);
      continue;
    }
    found.emplace_back(entry.last_write_time(error), Kept{name, entry.file_size(error), nullptr});
  }
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.first > b.first; });
  for (auto& [time, kept] : found) {
    bytes_ += kept.bytes;
    kept_.push_back(std::move(kept));
    found_[kept_.back().sha256] = std::prev(kept_.end());
  }
  for (const auto& path : take_overflow()) fs::remove(path, error);
}

// Under mutex_. The least recently used, out of the book; their files are for the caller to remove.
std::vector<std::string> Pictures::take_overflow() {
  std::vector<std::string> dropped;
  while ((bytes_ > options_.bytes_max || kept_.size() > options_.pyramids_max) &&
         kept_.size() > 1) {
    bytes_ -= kept_.back().bytes;
    if (kept_.back().open) --open_;
    dropped.push_back(path_of(kept_.back().sha256));
    found_.erase(kept_.back().sha256);
    kept_.pop_back();
  }
  return dropped;
}

void Pictures::close_overflow() {
  for (auto kept = kept_.rbegin(); kept != kept_.rend() && open_ > options_.open_max; ++kept) {
    if (!kept->open) continue;
    kept->open = nullptr;  // who reads from it has it still
    --open_;
  }
}

PyramidPtr Pictures::find_open(const std::string& sha256) {
  const std::lock_guard lock(mutex_);
  const auto found = found_.find(sha256);
  if (found == found_.end()) return nullptr;
  kept_.splice(kept_.begin(), kept_, found->second);
  return found->second->open;
}

// Null when it is not there, also no more: then it is forgotten and made again.
PyramidPtr Pictures::open_kept(const std::string& sha256) {
  if (auto open = find_open(sha256)) return open;
  {
    const std::lock_guard lock(mutex_);
    if (!found_.contains(sha256)) return nullptr;
  }
  const std::string path = path_of(sha256);
  auto opened = Pyramid::open(path);
  std::error_code error;
  if (opened)  // the time of its last use; only the order after a restart depends on it
    fs::last_write_time(path, fs::file_time_type::clock::now(), error);
  else if (opened.error().kind == ErrorKind::data_loss)
    fs::remove(path, error);
  const std::lock_guard lock(mutex_);
  const auto found = found_.find(sha256);
  if (found == found_.end()) return opened ? *opened : nullptr;
  if (opened) {
    if (!found->second->open) ++open_;
    found->second->open = *opened;
    close_overflow();
    return *opened;
  }
  log::warn("pyramid of {}: {}", sha256, opened.error().message);
  bytes_ -= found->second->bytes;
  if (found->second->open) --open_;
  kept_.erase(found->second);
  found_.erase(found);
  return nullptr;
}

Result<FileFacts> Pictures::describe(const std::string& path, std::string_view type) {
  const bool picture = is_picture(type);
  if (!picture && !type.starts_with("video/") && !type.starts_with("audio/"))
    return fail(ErrorKind::unsupported, why_no_picture(type));
  ORIEL_TRY_ASSIGN(
      const Message answer,
      believed(cutters_.ask(make_message(DescribeRequest{path, picture})), MessageType::describe));
  return parse_file_facts(answer.payload);
}

Result<Bytes> Pictures::cut(const std::string& sha256, const std::string& path,
                            const ImageCut& cut) {
  cuts_.add();
  const bool pyramid = open_kept(sha256) != nullptr;
  const CutRequest request{pyramid ? path_of(sha256) : path, pyramid, cut};
  ORIEL_TRY_ASSIGN(Message answer, believed(cutters_.ask(make_message(request)), MessageType::cut));
  return std::move(answer.payload);
}

PyramidStatus Pictures::status_of(const Job& job) const {
  PyramidStatus status;
  status.state = PyramidState::working;
  status.progress = job.permille / 1000.0;
  if (working_.get() == &job) return status;
  status.state = PyramidState::waiting;
  status.before = working_ ? 1 : 0;
  for (const auto& other : waiting_) {
    if (other.get() == &job) break;
    ++status.before;
  }
  return status;
}

Result<PyramidStatus> Pictures::ask(const std::string& sha256, const std::string& path,
                                    Extent size) {
  PyramidStatus status;
  if (size.pixels() <= kPlainPixelsMax) return status;
  if (auto open = open_kept(sha256)) {
    status.state = PyramidState::ready;
    status.progress = 1;
    status.pyramid = std::move(open);
    return status;
  }
  const std::lock_guard lock(mutex_);
  const auto is_it = [&](const std::shared_ptr<Job>& job) { return job->sha256 == sha256; };
  if (working_ && is_it(working_)) return status_of(*working_);
  if (const auto job = std::find_if(waiting_.begin(), waiting_.end(), is_it); job != waiting_.end())
    return status_of(**job);
  if (const auto job = std::find_if(failed_.begin(), failed_.end(), is_it); job != failed_.end()) {
    status.state = PyramidState::failed;
    status.why = (*job)->why;
    if (!is_lasting(status.why->kind)) failed_.erase(job);  // told once; then it is tried again
    return status;
  }
  if (waiting_.size() >= options_.waiting_max)
    return fail(ErrorKind::exhausted, "many pictures are being prepared; ask again in a minute");
  auto job = std::make_shared<Job>();
  job->sha256 = sha256;
  job->path = path;
  job->size = size;
  waiting_.push_back(job);
  wake_.notify_one();
  return status_of(*job);
}

void Pictures::run(const std::stop_token& stop) {
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
    const std::string to = path_of(job->sha256) + ".part";
    std::error_code error;
    fs::create_directories(options_.folder, error);
    fs::remove(to, error);
    auto done = make(*job, to, stop);
    if (done) {
      made_.add();
      keep(*job, to);
    } else {
      fs::remove(to, error);
      if (!stop.stop_requested()) log::warn("pyramid of {}: {}", job->sha256, done.error().message);
    }
    const std::lock_guard lock(mutex_);
    working_ = nullptr;
    if (done) continue;
    job->why = done.error();
    failed_.push_back(job);
    if (failed_.size() > kFailedMax) failed_.pop_front();
  }
}

Result<void> Pictures::check_room(Extent size) const {
  std::error_code error;
  const auto disk = fs::space(options_.folder, error);
  if (error) return {};
  const auto wanted = static_cast<std::uint64_t>(size.pixels()) / 3;  // a third more for halves
  if (disk.available < std::min(kFreeBytesMin, disk.capacity / 20) + wanted)
    return fail(ErrorKind::exhausted, "the disk is full");
  return {};
}

Result<void> Pictures::make(Job& job, const std::string& to, const std::stop_token& stop) {
  ORIEL_TRY(check_room(job.size));
  ORIEL_TRY_ASSIGN(auto worker, ingest::WorkerProcess::start(options_.maker.command));
  fcntl(worker.fd(), F_SETFL, O_NONBLOCK);
  const std::stop_callback wake(stop, [fd = worker.fd()] { ::shutdown(fd, SHUT_RDWR); });
  const auto end = std::chrono::steady_clock::now() + options_.maker.whole_max;
  const auto deadline = [&] {
    return std::min(end, std::chrono::steady_clock::now() + options_.maker.silence_max);
  };
  const PyramidRequest request{job.path, to};
  ORIEL_TRY(ingest::send_to_worker(worker.fd(), encode(make_message(request)), deadline()));
  for (;;) {
    auto answer = ingest::receive_from_worker(worker.fd(), deadline());
    // Most often it wanted more memory than it may have.
    if (!answer && answer.error().kind == ErrorKind::unavailable && !stop.stop_requested())
      return fail(ErrorKind::unsupported, "the picture needs more memory or time than is allowed");
    if (!answer) return fail(std::move(answer).error());
    if (answer->type != MessageType::progress) {
      ORIEL_TRY(believed(std::move(answer), MessageType::pyramid));
      return {};
    }
    ingest::WireReader in(answer->payload);
    job.permille = std::clamp(in.i32(), 0, 1000);
  }
}

void Pictures::keep(const Job& job, const std::string& made) {
  const std::string path = path_of(job.sha256);
  std::error_code error;
  fs::rename(made, path, error);
  const auto bytes = fs::file_size(path, error);
  if (error) {
    log::warn("pyramid of {}: {}", job.sha256, error.message());
    return;
  }
  std::vector<std::string> dropped;
  {
    const std::lock_guard lock(mutex_);
    bytes_ += bytes;
    kept_.push_front({job.sha256, bytes, nullptr});
    found_[job.sha256] = kept_.begin();
    dropped = take_overflow();
  }
  for (const auto& old : dropped) fs::remove(old, error);
}

}  // namespace oriel::image

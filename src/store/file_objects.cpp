#include "store/file_objects.h"

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/descriptor.h"
#include "base/hex.h"
#include "base/ids.h"

namespace oriel::store {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kReadBytes = std::size_t{1} << 20U;
// How many sums of staged files are kept while they come; the sum of another is made at its end.
constexpr std::size_t kRunningSumsMax = 64;
constexpr auto kTurnPatience = std::chrono::seconds(1);

Result<Descriptor> open_file(const std::string& path, int flags) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC, 0640);
  if (fd < 0) return fail(errno_error(errno, "open " + path));
  return Descriptor(fd);
}

Result<void> sync_folder(const std::string& path) {
  ORIEL_TRY_ASSIGN(const auto folder, open_file(path, O_RDONLY | O_DIRECTORY));
  if (::fsync(folder.get()) != 0) return fail(errno_error(errno, "sync " + path));
  return {};
}

Result<std::uint64_t> size_of(const Descriptor& file, const std::string& path) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return fail(errno_error(errno, "stat " + path));
  return static_cast<std::uint64_t>(status.st_size);
}

Result<std::size_t> read_at(const Descriptor& file, std::uint64_t offset,
                            std::span<std::uint8_t> into) {
  std::size_t done = 0;
  while (done < into.size()) {
    const ssize_t count = ::pread(file.get(), into.data() + done, into.size() - done,
                                  static_cast<off_t>(offset + done));
    if (count == 0) break;
    if (count < 0) {
      if (errno == EINTR) continue;
      return fail(errno_error(errno, "read an object"));
    }
    done += static_cast<std::size_t>(count);
  }
  return done;
}

Result<void> write_at(const Descriptor& file, std::uint64_t offset, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t count =
        ::pwrite(file.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0) {
      if (errno == EINTR) continue;
      return fail(errno_error(errno, "write an object"));
    }
    offset += static_cast<std::uint64_t>(count);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

class FileReader final : public ObjectReader {
 public:
  FileReader(Descriptor file, std::uint64_t bytes) : file_(std::move(file)), bytes_(bytes) {}
  std::uint64_t bytes() const override { return bytes_; }
  Result<std::size_t> read(std::uint64_t offset, std::span<std::uint8_t> into) const override {
    return read_at(file_, offset, into);
  }

 private:
  const Descriptor file_;
  const std::uint64_t bytes_;
};

class FileObjects final : public ObjectStore {
 public:
  explicit FileObjects(FileObjectsOptions options) : options_(std::move(options)) {}

  Result<void> make_folders() {
    std::error_code error;
    fs::create_directories(incoming(), error);
    if (error) return fail(errno_error(error.value(), "make folder " + incoming()));
    return sync_folder(options_.folder);
  }

  Result<void> stage(const std::string& name) override {
    ORIEL_TRY(parse_slug(name));
    ORIEL_TRY_ASSIGN(const auto turn, take_turn(name));
    ORIEL_TRY_ASSIGN(const auto staged, list_staged());
    if (staged.size() >= options_.staged_max)
      return fail(ErrorKind::exhausted, "too many uploads are under way");
    ORIEL_TRY(check_space(0));
    ORIEL_TRY(open_file(path_of(name), O_WRONLY | O_CREAT | O_EXCL));
    return sync_folder(incoming());
  }

  Result<std::uint64_t> staged_bytes(const std::string& name) override {
    ORIEL_TRY_ASSIGN(const auto turn, take_turn(name));
    ORIEL_TRY_ASSIGN(const auto file, open_staged(name, O_RDONLY));
    return size_of(file, name);
  }

  Result<std::uint64_t> append(const std::string& name, std::uint64_t offset,
                               ByteView bytes) override {
    ORIEL_TRY_ASSIGN(const auto turn, take_turn(name));
    ORIEL_TRY_ASSIGN(const auto file, open_staged(name, O_RDWR));
    ORIEL_TRY_ASSIGN(const auto size, size_of(file, name));
    if (size != offset) {
      return fail(ErrorKind::conflict, "the upload stands at byte " + std::to_string(size) +
                                           ", not " + std::to_string(offset));
    }
    ORIEL_TRY(check_space(bytes.size()));
    ORIEL_TRY(write_at(file, offset, bytes));
    if (::fdatasync(file.get()) != 0) return fail(errno_error(errno, "sync an upload"));
    add_to_sum(name, offset, bytes);
    return offset + bytes.size();
  }

  Result<Bytes> staged_head(const std::string& name, std::size_t bytes_max) override {
    ORIEL_TRY_ASSIGN(const auto turn, take_turn(name));
    ORIEL_TRY_ASSIGN(const auto file, open_staged(name, O_RDONLY));
    Bytes head(bytes_max);
    ORIEL_TRY_ASSIGN(const auto count, read_at(file, 0, head));
    head.resize(count);
    return head;
  }

  Result<void> sum_up(const std::string& name) override {
    ORIEL_TRY_ASSIGN(const auto turn, take_turn(name));
    ORIEL_TRY_ASSIGN(const auto file, open_staged(name, O_RDONLY));
    ORIEL_TRY_ASSIGN(const auto size, size_of(file, name));
    RunningSum* running = nullptr;
    {
      const std::scoped_lock lock(mutex_);
      if (sums_.size() >= kRunningSumsMax && !sums_.contains(name)) return {};
      running = &sums_[name];
    }
    return catch_up(*running, file, size);
  }

  Result<StoredObject> keep(const std::string& name,
                            const std::optional<Sha256Digest>& expected) override {
    ORIEL_TRY_ASSIGN(const auto turn, take_turn(name));
    ORIEL_TRY_ASSIGN(const auto file, open_staged(name, O_RDWR));
    StoredObject object;
    ORIEL_TRY_ASSIGN(object.bytes, size_of(file, name));
    ORIEL_TRY_ASSIGN(object.sha256, finish_sum(name, file, object.bytes));
    if (expected && *expected != object.sha256) {
      return fail(ErrorKind::invalid, "the bytes that came have the SHA-256 " +
                                          format_hex(object.sha256) + ", not " +
                                          format_hex(*expected));
    }
    const auto path = path_of(object.sha256);
    const auto folder = path.substr(0, path.rfind('/'));
    std::error_code error;
    if (fs::create_directory(folder, error)) ORIEL_TRY(sync_folder(options_.folder));
    if (error) return fail(errno_error(error.value(), "make folder " + folder));
    if (::fsync(file.get()) != 0) return fail(errno_error(errno, "sync an upload"));
    // Over one of the same bytes, if there is one: who has that open reads on.
    if (::rename(path_of(name).c_str(), path.c_str()) != 0)
      return fail(errno_error(errno, "name an object"));
    ORIEL_TRY(sync_folder(folder));
    ORIEL_TRY(sync_folder(incoming()));
    return object;
  }

  Result<void> discard(const std::string& name) override {
    ORIEL_TRY_ASSIGN(const auto turn, take_turn(name));
    drop_sum(name);
    ORIEL_TRY(parse_slug(name));
    if (::unlink(path_of(name).c_str()) != 0 && errno != ENOENT)
      return fail(errno_error(errno, "remove an upload"));
    return {};
  }

  Result<std::vector<std::string>> list_staged() override { return names_in(incoming()); }

  Result<std::unique_ptr<ObjectReader>> open(const Sha256Digest& sha256) override {
    const auto path = path_of(sha256);
    ORIEL_TRY_ASSIGN(auto file, open_file(path, O_RDONLY));
    ORIEL_TRY_ASSIGN(const auto bytes, size_of(file, path));
    return std::make_unique<FileReader>(std::move(file), bytes);
  }

  std::optional<std::string> file_of(const Sha256Digest& sha256) const override {
    return path_of(sha256);
  }

  Result<void> remove(const Sha256Digest& sha256) override {
    const auto path = path_of(sha256);
    if (::unlink(path.c_str()) != 0) {
      if (errno == ENOENT) return {};
      return fail(errno_error(errno, "remove " + path));
    }
    return sync_folder(path.substr(0, path.rfind('/')));
  }

  Result<std::vector<Sha256Digest>> list() override {
    std::vector<Sha256Digest> objects;
    ORIEL_TRY_ASSIGN(const auto folders, names_in(options_.folder));
    for (const auto& folder : folders) {
      if (folder.size() != 2 || !parse_hex(folder)) continue;
      ORIEL_TRY_ASSIGN(const auto names, names_in(options_.folder + "/" + folder));
      for (const auto& name : names)
        if (const auto sha256 = parse_sha256(name)) objects.push_back(*sha256);
    }
    return objects;
  }

 private:
  // Held while one call works on a staged name; the names of others go on.
  class Turn {
   public:
    Turn(FileObjects& owner, std::string name) : owner_(owner), name_(std::move(name)) {}
    ~Turn() {
      const std::scoped_lock lock(owner_.mutex_);
      owner_.busy_.erase(name_);
      owner_.freed_.notify_all();
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    FileObjects& owner_;
    const std::string name_;
  };

  // Whoever sums up a large one may take minutes: nobody's thread stands that long behind him.
  Result<std::unique_ptr<Turn>> take_turn(const std::string& name) {
    std::unique_lock lock(mutex_);
    if (!freed_.wait_for(lock, kTurnPatience, [&] { return !busy_.contains(name); }))
      return fail(ErrorKind::unavailable, "this upload is being worked on: ask again");
    busy_.insert(name);
    return std::make_unique<Turn>(*this, name);
  }

  struct RunningSum {
    std::uint64_t bytes = 0;
    Sha256 sum;
  };

  std::string incoming() const { return options_.folder + "/incoming"; }
  std::string path_of(const std::string& name) const { return incoming() + "/" + name; }
  std::string path_of(const Sha256Digest& sha256) const {
    const auto name = format_hex(sha256);
    return options_.folder + "/" + name.substr(0, 2) + "/" + name;
  }

  Result<Descriptor> open_staged(const std::string& name, int flags) const {
    ORIEL_TRY(parse_slug(name));
    auto file = open_file(path_of(name), flags);
    if (!file && file.error().kind == ErrorKind::not_found)
      return fail(ErrorKind::not_found, "there is no such upload");
    return file;
  }

  Result<void> check_space(std::uint64_t bytes) const {
    struct statvfs status {};
    if (::statvfs(options_.folder.c_str(), &status) != 0)
      return fail(errno_error(errno, "look at the space of " + options_.folder));
    const auto free = static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
    if (free >= bytes + options_.free_bytes_min) return {};
    return fail(ErrorKind::exhausted, "the disk is full");
  }

  static Result<std::vector<std::string>> names_in(const std::string& folder) {
    std::vector<std::string> names;
    std::error_code error;
    fs::directory_iterator at(folder, error);
    while (!error && at != fs::directory_iterator()) {
      names.push_back(at->path().filename().string());
      at.increment(error);
    }
    if (error) return fail(errno_error(error.value(), "list " + folder));
    return names;
  }

  // In one's turn: no other changes the entry meanwhile.
  RunningSum* running_sum(const std::string& name) {
    const std::scoped_lock lock(mutex_);
    const auto found = sums_.find(name);
    return found == sums_.end() ? nullptr : &found->second;
  }
  void drop_sum(const std::string& name) {
    const std::scoped_lock lock(mutex_);
    sums_.erase(name);
  }

  void add_to_sum(const std::string& name, std::uint64_t offset, ByteView bytes) {
    auto* running = running_sum(name);
    if (running == nullptr && offset == 0) {
      const std::scoped_lock lock(mutex_);
      if (sums_.size() >= kRunningSumsMax) return;
      running = &sums_[name];
    }
    // A prefix that a failed call left is taken up at the end.
    if (running == nullptr || running->bytes != offset) return;
    running->sum.update(bytes);
    running->bytes += bytes.size();
  }

  // What add_to_sum() did not see: it came before this program started, or is a failed call's
  // prefix.
  static Result<void> catch_up(RunningSum& running, const Descriptor& file, std::uint64_t size) {
    Bytes buffer(kReadBytes);
    while (running.bytes < size) {
      ORIEL_TRY_ASSIGN(const auto count, read_at(file, running.bytes, buffer));
      if (count == 0) return fail(ErrorKind::data_loss, "an upload became shorter");
      running.sum.update(ByteView(buffer.data(), count));
      running.bytes += count;
    }
    return {};
  }

  Result<Sha256Digest> finish_sum(const std::string& name, const Descriptor& file,
                                  std::uint64_t size) {
    RunningSum running;
    if (auto* kept = running_sum(name); kept != nullptr) running = std::move(*kept);
    drop_sum(name);
    ORIEL_TRY(catch_up(running, file, size));
    return running.sum.finish();
  }

  const FileObjectsOptions options_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::set<std::string> busy_;  // bounded by the callers
  // std::map: an entry stays where it is while others come and go.
  std::map<std::string, RunningSum> sums_;
};

}  // namespace

Result<std::unique_ptr<ObjectStore>> open_file_objects(FileObjectsOptions options) {
  auto objects = std::make_unique<FileObjects>(std::move(options));
  ORIEL_TRY(objects->make_folders());
  return objects;
}

Result<StoredObject> put_object(ObjectStore& objects, const std::string& name, ByteView bytes) {
  ORIEL_TRY(objects.stage(name));
  auto appended = objects.append(name, 0, bytes);
  auto kept = appended ? objects.keep(name, std::nullopt)
                       : Result<StoredObject>(fail(std::move(appended).error()));
  if (!kept) ORIEL_TRY(objects.discard(name));
  return kept;
}

}  // namespace oriel::store

// The tests' own tools: a temporary folder, a clip, a camera, and a disk that fails.
#include "archive/testing.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <set>
#include <thread>

#include <gtest/gtest.h>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/opt.h>
}

namespace oriel::archive::testing {

void KeptAlarms::raise(AlarmKind kind, std::string_view subject, std::string_view message) {
  const std::lock_guard lock(mutex_);
  raised_[{kind, std::string(subject)}] = message;
}

void KeptAlarms::clear(AlarmKind kind, std::string_view subject) {
  const std::lock_guard lock(mutex_);
  raised_.erase({kind, std::string(subject)});
}

std::optional<std::string> KeptAlarms::message(AlarmKind kind, std::string_view subject) const {
  const std::lock_guard lock(mutex_);
  const auto found = raised_.find({kind, std::string(subject)});
  if (found == raised_.end()) return std::nullopt;
  return found->second;
}

std::size_t KeptAlarms::raised() const {
  const std::lock_guard lock(mutex_);
  return raised_.size();
}

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "oriel-archive-XXXXXX").string();
  ORIEL_CHECK(::mkdtemp(pattern.data()) != nullptr);
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code error;
  std::filesystem::remove_all(path_, error);
}

namespace {

constexpr int kWidth = 64;
constexpr int kHeight = 48;
constexpr int kFrames = 40;
constexpr int kGop = 10;
constexpr std::int64_t kFrameTicks = 9'000;

// The NAL units of an Annex B byte stream, without start codes.
std::vector<ByteView> nal_units(ByteView stream) {
  std::vector<std::size_t> starts;
  for (std::size_t i = 0; i + 3 <= stream.size(); ++i)
    if (stream[i] == 0 && stream[i + 1] == 0 && stream[i + 2] == 1) starts.push_back(i + 3);
  std::vector<ByteView> units;
  for (std::size_t i = 0; i < starts.size(); ++i) {
    std::size_t end = i + 1 < starts.size() ? starts[i + 1] - 3 : stream.size();
    while (end > starts[i] && stream[end - 1] == 0) --end;
    units.push_back(stream.subspan(starts[i], end - starts[i]));
  }
  return units;
}

Bytes make_avcc(ByteView sps, ByteView pps) {
  Bytes avcc{1, sps[1], sps[2], sps[3], 0xff, 0xe1};
  const auto append = [&](ByteView unit) {
    avcc.push_back(static_cast<std::uint8_t>(unit.size() >> 8));
    avcc.push_back(static_cast<std::uint8_t>(unit.size()));
    avcc.insert(avcc.end(), unit.begin(), unit.end());
  };
  append(sps);
  avcc.push_back(1);
  append(pps);
  return avcc;
}

Clip encode_clip() {
  Clip clip;
  const AVCodec* codec = avcodec_find_encoder_by_name("libx264");
  ORIEL_CHECK(codec != nullptr);
  AVCodecContext* context = avcodec_alloc_context3(codec);
  context->width = kWidth;
  context->height = kHeight;
  context->pix_fmt = AV_PIX_FMT_YUV420P;
  context->time_base = {1, 10};
  context->gop_size = kGop;
  context->max_b_frames = 0;
  context->thread_count = 1;
  context->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  av_opt_set(context->priv_data, "preset", "ultrafast", 0);
  av_opt_set(context->priv_data, "x264-params", "scenecut=0:keyint=10:min-keyint=10", 0);
  ORIEL_CHECK(avcodec_open2(context, codec, nullptr) == 0);
  Bytes sps;
  Bytes pps;
  for (const auto unit :
       nal_units({context->extradata, static_cast<std::size_t>(context->extradata_size)})) {
    if ((unit[0] & 31) == 7) sps.assign(unit.begin(), unit.end());
    if ((unit[0] & 31) == 8) pps.assign(unit.begin(), unit.end());
  }
  clip.track.configuration = make_avcc(sps, pps);
  clip.track.width = kWidth;
  clip.track.height = kHeight;
  clip.track.codec_string = "avc1.42c00a";

  AVPacket* packet = av_packet_alloc();
  const auto receive = [&] {
    while (avcodec_receive_packet(context, packet) == 0) {
      Clip::Frame frame;
      frame.key = (packet->flags & AV_PKT_FLAG_KEY) != 0;
      for (const auto unit : nal_units({packet->data, static_cast<std::size_t>(packet->size)})) {
        const auto size = static_cast<std::uint32_t>(unit.size());
        for (int shift = 24; shift >= 0; shift -= 8)
          frame.bytes.push_back(static_cast<std::uint8_t>(size >> shift));
        frame.bytes.insert(frame.bytes.end(), unit.begin(), unit.end());
      }
      clip.frames.push_back(std::move(frame));
      av_packet_unref(packet);
    }
  };
  AVFrame* picture = av_frame_alloc();
  picture->width = kWidth;
  picture->height = kHeight;
  picture->format = AV_PIX_FMT_YUV420P;
  ORIEL_CHECK(av_frame_get_buffer(picture, 0) == 0);
  for (int i = 0; i < kFrames; ++i) {
    ORIEL_CHECK(av_frame_make_writable(picture) == 0);
    for (int plane = 0; plane < 3; ++plane)
      for (int y = 0; y < (plane == 0 ? kHeight : kHeight / 2); ++y)
        for (int x = 0; x < (plane == 0 ? kWidth : kWidth / 2); ++x)
          picture->data[plane][y * picture->linesize[plane] + x] =
              static_cast<std::uint8_t>(x * 3 + y * 5 + i * (7 + plane));
    picture->pts = i;
    ORIEL_CHECK(avcodec_send_frame(context, picture) == 0);
    receive();
  }
  ORIEL_CHECK(avcodec_send_frame(context, nullptr) == 0);
  receive();
  av_frame_free(&picture);
  av_packet_free(&packet);
  avcodec_free_context(&context);
  ORIEL_CHECK(clip.frames.size() == kFrames && clip.frames.front().key);
  return clip;
}

media::PackagerOptions camera_options(FeedId feed, std::int64_t recording_s,
                                      media::Rendition rendition) {
  media::PackagerOptions options;
  options.feed = std::move(feed);
  options.rendition = rendition;
  options.recording_90k = recording_s * kTicksPerSecond;
  options.recording_max_90k = recording_s * kTicksPerSecond * 2;
  return options;
}

}  // namespace

const Clip& test_clip() {
  static const Clip clip = encode_clip();
  return clip;
}

void TeeSink::recording_began(const media::RecordingPtr& recording) {
  recordings.push_back(recording);
  if (next_ != nullptr) next_->recording_began(recording);
}

void TeeSink::part_made(const media::PartPtr& part) {
  parts.push_back(part);
  if (next_ != nullptr) next_->part_made(part);
}

void TeeSink::recording_ended(const media::RecordingPtr& recording, media::Reason reason) {
  if (next_ != nullptr) next_->recording_ended(recording, reason);
}

std::vector<media::PartPtr> TeeSink::parts_of(RecordingId id) const {
  std::vector<media::PartPtr> found;
  for (const auto& part : parts)
    if (part->recording->id == id) found.push_back(part);
  return found;
}

Bytes TeeSink::file_of(RecordingId id) const {
  Bytes bytes;
  for (const auto& part : parts_of(id)) {
    if (bytes.empty()) bytes = *part->recording->init;
    bytes.insert(bytes.end(), part->file_head->begin(), part->file_head->end());
    bytes.insert(bytes.end(), part->payload->begin(), part->payload->end());
  }
  return bytes;
}

TestCamera::TestCamera(FeedId feed, media::IdSource& ids, media::PartSink& sink,
                       std::int64_t recording_s, media::Rendition rendition)
    : packager_(camera_options(std::move(feed), recording_s, rendition), ids, sink) {}

void TestCamera::begin_run(UtcTime start, media::Reason began) {
  start_ = start;
  frame_ = 0;
  const auto begun = packager_.begin_run(
      {.tracks = {test_clip().track}, .began = began, .start = start, .declared_fps = 10});
  ORIEL_CHECK(begun.has_value());
}

void TestCamera::push_frames(int count) {
  const auto& clip = test_clip();
  for (int i = 0; i < count; ++i, ++frame_) {
    const auto& frame = clip.frames[static_cast<std::size_t>(frame_) % clip.frames.size()];
    media::Packet packet;
    packet.dts = packet.pts = frame_ * kFrameTicks;
    packet.key = frame.key;
    packet.bytes = frame.bytes;
    ORIEL_CHECK(packager_.push(std::move(packet)).has_value());
  }
}

void TestCamera::end_run(media::Reason reason) { packager_.end_run(reason); }

UtcTime TestCamera::now() const { return start_ + ticks_to_duration(frame_ * kFrameTicks); }

struct FaultyFileSystem::Node {
  Bytes live;
  Bytes durable;
};

struct FaultyFileSystem::State {
  using NodePtr = std::shared_ptr<Node>;
  mutable std::mutex mutex;
  std::condition_variable resumed;
  std::map<std::string, NodePtr> names;  // guarded by mutex, as all below
  std::map<std::string, NodePtr> durable_names;
  std::set<std::string> folders;
  std::optional<std::uint64_t> capacity;
  bool read_only = false;
  bool hanging = false;
  bool dead = false;
  std::map<DiskCall, int> errors;
  std::uint64_t writes = 0;
  std::uint64_t changes = 0;
  std::optional<std::uint64_t> dies_at;
  std::mt19937 random;
  std::unique_ptr<FaultyFileSystem> survivor;

  std::uint64_t used() const {
    std::uint64_t bytes = 0;
    for (const auto& [name, node] : names) bytes += node->live.size();
    return bytes;
  }
  std::unique_ptr<FaultyFileSystem> survive(std::mt19937& by) const;

  // What stands in the way of this call.
  Result<void> admit(DiskCall call, bool changing) {
    if (changing && dies_at && ++changes >= *dies_at && !dead) {
      survivor = survive(random);
      dead = true;
    } else if (changing && !dies_at) {
      ++changes;
    }
    if (dead) return fail(errno_error(EIO, "the power is gone"));
    if (const auto error = errors.find(call); error != errors.end() && error->second != 0)
      return fail(errno_error(error->second, "injected"));
    if (changing && read_only && call != DiskCall::sync && call != DiskCall::sync_all)
      return fail(errno_error(EROFS, "injected"));
    return {};
  }
};

std::unique_ptr<FaultyFileSystem> FaultyFileSystem::State::survive(std::mt19937& by) const {
  auto after = std::make_unique<FaultyFileSystem>();
  auto& state = *after->state_;
  state.folders = folders;
  const auto coin = [&](std::uint32_t sides) { return by() % sides; };
  const auto keep = [&](const std::string& name, const NodePtr& node) {
    auto kept = std::make_shared<Node>();
    kept->live = node->durable;
    if (node->live.size() > node->durable.size()) {
      const auto more = node->live.size() - node->durable.size();
      const auto fate = coin(4);
      const auto length = fate == 0 ? 0 : fate == 1 ? more : coin(static_cast<std::uint32_t>(more));
      for (std::size_t i = 0; i < length; ++i)
        kept->live.push_back(fate == 3 ? std::uint8_t{0} : node->live[node->durable.size() + i]);
    }
    kept->durable = kept->live;
    state.names[name] = kept;
  };
  for (const auto& [name, node] : durable_names) {
    // A removal or renaming that was not synced may or may not have happened.
    if (!names.contains(name) && coin(2) == 0) continue;
    keep(name, node);
  }
  for (const auto& [name, node] : names)
    if (!durable_names.contains(name) && coin(2) == 0) keep(name, node);
  state.durable_names = state.names;
  return after;
}

class FaultyFile final : public File {
 public:
  static FileIdentity identity_of(const FaultyFileSystem::Node& node) {
    return {1, reinterpret_cast<std::uintptr_t>(&node), node.live.size()};
  }
  FaultyFile(std::shared_ptr<FaultyFileSystem::State> state,
             std::shared_ptr<FaultyFileSystem::Node> node)
      : state_(std::move(state)), node_(std::move(node)) {}

  Result<void> write(std::uint64_t offset, std::span<const ByteView> pieces) override {
    std::unique_lock lock(state_->mutex);
    state_->resumed.wait(lock, [&] { return !state_->hanging; });
    ORIEL_TRY(state_->admit(DiskCall::write, true));
    ++state_->writes;
    for (const auto piece : pieces) {
      auto room = piece.size();
      if (state_->capacity) {
        const auto used = state_->used();
        room = std::min<std::size_t>(room, *state_->capacity > used ? *state_->capacity - used : 0);
      }
      if (node_->live.size() < offset + room) node_->live.resize(offset + room);
      std::copy_n(piece.begin(), room, node_->live.begin() + static_cast<std::ptrdiff_t>(offset));
      offset += room;
      if (room < piece.size()) return fail(errno_error(ENOSPC, "injected"));
    }
    return {};
  }
  Result<std::size_t> read(std::uint64_t offset, std::span<std::uint8_t> into) const override {
    const std::lock_guard lock(state_->mutex);
    ORIEL_TRY(state_->admit(DiskCall::read, false));
    if (offset >= node_->live.size()) return std::size_t{0};
    const auto count = std::min<std::size_t>(into.size(), node_->live.size() - offset);
    std::copy_n(node_->live.begin() + static_cast<std::ptrdiff_t>(offset), count, into.begin());
    return count;
  }
  Result<std::uint64_t> size() const override {
    const std::lock_guard lock(state_->mutex);
    return static_cast<std::uint64_t>(node_->live.size());
  }
  Result<FileIdentity> identity() const override {
    const std::lock_guard lock(state_->mutex);
    return identity_of(*node_);
  }
  Result<void> truncate(std::uint64_t size_bytes) override {
    const std::lock_guard lock(state_->mutex);
    ORIEL_TRY(state_->admit(DiskCall::truncate, true));
    node_->live.resize(size_bytes);
    return {};
  }
  Result<void> sync() override {
    const std::lock_guard lock(state_->mutex);
    ORIEL_TRY(state_->admit(DiskCall::sync, true));
    node_->durable = node_->live;
    return {};
  }

 private:
  const std::shared_ptr<FaultyFileSystem::State> state_;
  const std::shared_ptr<FaultyFileSystem::Node> node_;
};

FaultyFileSystem::FaultyFileSystem() : state_(std::make_shared<State>()) {}
FaultyFileSystem::~FaultyFileSystem() = default;

Result<std::unique_ptr<File>> FaultyFileSystem::open(const std::string& path, OpenMode mode) {
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->names.find(path);
  const bool makes = found == state_->names.end() && mode != OpenMode::read;
  ORIEL_TRY(state_->admit(DiskCall::open, makes));
  if (state_->read_only && mode != OpenMode::read) return fail(errno_error(EROFS, "injected"));
  if (found != state_->names.end()) {
    if (mode == OpenMode::create_new) return fail(errno_error(EEXIST, "open " + path));
    return std::make_unique<FaultyFile>(state_, found->second);
  }
  if (mode == OpenMode::read || mode == OpenMode::write ||
      !state_->folders.contains(path.substr(0, path.rfind('/'))))
    return fail(errno_error(ENOENT, "open " + path));
  return std::make_unique<FaultyFile>(state_, state_->names[path] = std::make_shared<Node>());
}

Result<void> FaultyFileSystem::make_folders(const std::string& path) {
  const std::lock_guard lock(state_->mutex);
  ORIEL_TRY(state_->admit(DiskCall::folder, true));
  for (std::size_t at = 0; at != std::string::npos;) {
    at = path.find('/', at + 1);
    state_->folders.insert(path.substr(0, at));
  }
  return {};
}

Result<void> FaultyFileSystem::rename(const std::string& from, const std::string& to) {
  const std::lock_guard lock(state_->mutex);
  ORIEL_TRY(state_->admit(DiskCall::rename, true));
  const auto found = state_->names.find(from);
  if (found == state_->names.end()) return fail(errno_error(ENOENT, "rename " + from));
  state_->names[to] = found->second;
  state_->names.erase(from);
  return {};
}

Result<void> FaultyFileSystem::remove(const std::string& path) {
  const std::lock_guard lock(state_->mutex);
  ORIEL_TRY(state_->admit(DiskCall::remove, true));
  if (state_->names.erase(path) == 0) return fail(errno_error(ENOENT, "remove " + path));
  return {};
}

Result<std::vector<DirectoryEntry>> FaultyFileSystem::list(const std::string& path) {
  const std::lock_guard lock(state_->mutex);
  ORIEL_TRY(state_->admit(DiskCall::list, false));
  if (!state_->folders.contains(path)) return fail(errno_error(ENOENT, "list " + path));
  std::vector<DirectoryEntry> entries;
  const auto add = [&](const std::string& name, bool is_folder) {
    if (name.size() <= path.size() + 1 || name.compare(0, path.size() + 1, path + "/") != 0) return;
    if (name.find('/', path.size() + 1) == std::string::npos)
      entries.push_back({name.substr(path.size() + 1), is_folder});
  };
  for (const auto& [name, node] : state_->names) add(name, false);
  for (const auto& name : state_->folders) add(name, true);
  return entries;
}

Result<void> FaultyFileSystem::sync_folder(const std::string& path) {
  const std::lock_guard lock(state_->mutex);
  ORIEL_TRY(state_->admit(DiskCall::sync, true));
  const auto inside = [&](const std::string& name) {
    return name.substr(0, name.rfind('/')) == path;
  };
  std::erase_if(state_->durable_names, [&](const auto& item) { return inside(item.first); });
  for (const auto& [name, node] : state_->names)
    if (inside(name)) state_->durable_names[name] = node;
  return {};
}

Result<void> FaultyFileSystem::sync_all(const std::string&) {
  const std::lock_guard lock(state_->mutex);
  ORIEL_TRY(state_->admit(DiskCall::sync_all, true));
  state_->durable_names = state_->names;
  for (const auto& [name, node] : state_->names) node->durable = node->live;
  return {};
}

Result<FileIdentity> FaultyFileSystem::identify(const std::string& path) {
  const std::lock_guard lock(state_->mutex);
  ORIEL_TRY(state_->admit(DiskCall::open, false));
  const auto found = state_->names.find(path);
  if (found == state_->names.end()) return fail(errno_error(ENOENT, "stat " + path));
  return FaultyFile::identity_of(*found->second);
}

Result<Space> FaultyFileSystem::space(const std::string&) {
  const std::lock_guard lock(state_->mutex);
  if (state_->dead) return fail(errno_error(EIO, "the power is gone"));
  Space space;
  space.total_bytes = state_->capacity.value_or(std::uint64_t{1} << 40);
  const auto used = state_->used();
  space.free_bytes = space.total_bytes > used ? space.total_bytes - used : 0;
  space.read_only = state_->read_only;
  return space;
}

std::unique_ptr<FaultyFileSystem> FaultyFileSystem::after_power_loss(std::mt19937& random) const {
  const std::lock_guard lock(state_->mutex);
  return state_->survive(random);
}

void FaultyFileSystem::lose_power_at(std::uint64_t changing_calls, std::uint32_t seed) {
  const std::lock_guard lock(state_->mutex);
  state_->changes = 0;
  state_->dies_at = changing_calls;
  state_->random.seed(seed);
}

std::unique_ptr<FaultyFileSystem> FaultyFileSystem::take_survivor() {
  const std::lock_guard lock(state_->mutex);
  return std::move(state_->survivor);
}

std::uint64_t FaultyFileSystem::changing_calls() const {
  const std::lock_guard lock(state_->mutex);
  return state_->changes;
}

void FaultyFileSystem::set_capacity(std::optional<std::uint64_t> bytes) {
  const std::lock_guard lock(state_->mutex);
  state_->capacity = bytes;
}

void FaultyFileSystem::set_read_only(bool read_only) {
  const std::lock_guard lock(state_->mutex);
  state_->read_only = read_only;
}

void FaultyFileSystem::set_error(DiskCall call, int error_number) {
  const std::lock_guard lock(state_->mutex);
  state_->errors[call] = error_number;
}

void FaultyFileSystem::set_hanging(bool hanging) {
  {
    const std::lock_guard lock(state_->mutex);
    state_->hanging = hanging;
  }
  state_->resumed.notify_all();
}

std::uint64_t FaultyFileSystem::writes() const {
  const std::lock_guard lock(state_->mutex);
  return state_->writes;
}

void FaultyFileSystem::forget_name(const std::string& path) {
  const std::lock_guard lock(state_->mutex);
  ORIEL_CHECK(state_->names.erase(path) == 1);
}

void FaultyFileSystem::put(const std::string& path, Bytes bytes) {
  const std::lock_guard lock(state_->mutex);
  for (std::size_t at = 0; (at = path.find('/', at + 1)) != std::string::npos;)
    state_->folders.insert(path.substr(0, at));
  auto node = std::make_shared<Node>();
  node->live = std::move(bytes);
  node->durable = node->live;
  state_->durable_names[path] = state_->names[path] = std::move(node);
}

void FaultyFileSystem::cut_short(const std::string& path, std::uint64_t size_bytes) {
  const std::lock_guard lock(state_->mutex);
  state_->names.at(path)->live.resize(size_bytes);
}

Bytes FaultyFileSystem::content(const std::string& path) const {
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->names.find(path);
  return found == state_->names.end() ? Bytes{} : found->second->live;
}

std::vector<std::string> FaultyFileSystem::files() const {
  const std::lock_guard lock(state_->mutex);
  std::vector<std::string> found;
  for (const auto& [name, node] : state_->names) found.push_back(name);
  return found;
}

namespace {

TEST(FaultyFileSystem, only_synced_bytes_are_sure_to_survive) {
  FaultyFileSystem disk;
  ASSERT_TRUE(disk.make_folders("/v"));
  auto file = disk.open("/v/a", OpenMode::create_new);
  ASSERT_TRUE(file);
  const Bytes first(10, 1);
  const Bytes second(10, 2);
  const ByteView first_view = first;
  const ByteView second_view = second;
  ASSERT_TRUE((*file)->write(0, std::span(&first_view, 1)));
  ASSERT_TRUE(disk.sync_all("/v"));
  ASSERT_TRUE((*file)->write(10, std::span(&second_view, 1)));
  std::set<std::size_t> lengths;
  std::mt19937 random(1);
  for (int i = 0; i < 50; ++i) {
    const auto content = disk.after_power_loss(random)->content("/v/a");
    ASSERT_GE(content.size(), 10u);
    EXPECT_TRUE(std::equal(first.begin(), first.end(), content.begin()));
    lengths.insert(content.size());
  }
  EXPECT_GT(lengths.size(), 3u);
}

}  // namespace
}  // namespace oriel::archive::testing

#include "api/live_socket.h"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/this_coro.hpp>

#include "api/part_slices.h"
#include "api/viewer.h"
#include "media/boxes.h"
#include "media/byte_writer.h"
#include "media/media_name.h"

namespace oriel::api {
namespace {

using http::Awaitable;
using media::Rendition;

constexpr std::size_t kSlotsMax = 64;
// A viewer further behind than this many parts (about three seconds) goes on at the newest
// independent one.
constexpr std::size_t kBehindMax = 9;
constexpr Duration kWakeAtLeast = Duration::from_ms(1000);
constexpr std::size_t kMessageBytesMax = 16 * 1024;
// What a subscription keeps of its client: more codecs than any browser plays.
constexpr std::size_t kCodecsMax = 32;
constexpr std::size_t kCodecBytesMax = 64;
constexpr std::size_t kTextsMax = 256;  // waiting control answers; overflow: the connection ends

constexpr std::uint8_t kFlagIndependent = 1;
constexpr std::uint8_t kFlagSkipped = 2;
constexpr std::uint8_t kFlagNewRun = 4;

struct Subscription {
  FeedPtr feed;
  std::shared_ptr<LiveRendition> rendition;
  Rendition which = Rendition::main;  // what `rendition` is
  Rendition wanted = Rendition::main;
  bool wants_auto = false;  // instead of `wanted`: what the client plays
  bool audio = false;
  std::vector<std::string> codecs;
  access::View view;
  std::uint64_t policy_version = 0;
  bool positioned = false;
  live::Channel::Position position = 0;
  std::optional<RunId> run;  // of the init segment that was sent
  std::uint64_t status_version = 0;
  bool status_sent = false;
};

struct SubscribeMessage {
  std::int64_t slot = 0;
  std::string feed;
  std::optional<std::string> rendition;
  std::optional<bool> audio;
  std::optional<std::vector<std::string>> codecs;
};
BOOST_DESCRIBE_STRUCT(SubscribeMessage, (), (slot, feed, rendition, audio, codecs))
struct ResumeMessage {
  std::int64_t slot = 0;
  std::int64_t recording = 0;
  std::int64_t part = 0;
};
BOOST_DESCRIBE_STRUCT(ResumeMessage, (), (slot, recording, part))
struct UnsubscribeMessage {
  std::int64_t slot = 0;
};
BOOST_DESCRIBE_STRUCT(UnsubscribeMessage, (), (slot))
struct ClientMessage {
  std::optional<SubscribeMessage> subscribe;
  std::optional<ResumeMessage> resume;
  std::optional<UnsubscribeMessage> unsubscribe;
  std::optional<std::int64_t> ping;
};
BOOST_DESCRIBE_STRUCT(ClientMessage, (), (subscribe, resume, unsubscribe, ping))

bool plays(const std::vector<std::string>& codecs, const media::Tracks& tracks) {
  if (codecs.empty()) return plays_everywhere(tracks);
  const std::string& lead = tracks.front().codec_string;
  return std::any_of(codecs.begin(), codecs.end(),
                     [&](const std::string& prefix) { return lead.starts_with(prefix); });
}

bool is_codec_list(const std::vector<std::string>& codecs) {
  return codecs.size() <= kCodecsMax &&
         std::all_of(codecs.begin(), codecs.end(),
                     [](const std::string& codec) { return codec.size() <= kCodecBytesMax; });
}

// One connection. The reader changes subscriptions, the writer sends; both run on one thread.
class LiveSocket {
 public:
  LiveSocket(Services& services, const http::Request& request, http::WebSocket& socket,
             boost::asio::any_io_executor executor)
      : services_(services),
        identity_(identity_of(request)),
        watch_(services, request),
        socket_(socket),
        wait_set_(std::move(executor)) {}

  Awaitable<void> read_all();
  Awaitable<void> write_all();

 private:
  void handle(const http::WebSocketMessage& message);
  void subscribe(const SubscribeMessage& message);
  void resume(const ResumeMessage& message);
  void drop(std::uint8_t slot);
  // Of a rendition that no subscription of this connection is at any more.
  void forget_signal(LiveRendition& rendition);
  void say(const json::value& message);
  void refuse(std::int64_t slot, const Error& error);
  void choose_rendition(Subscription& subscription);
  bool refresh_view(std::uint8_t slot, Subscription& subscription);
  void note_status(std::uint8_t slot, Subscription& subscription);
  // Sends at most one message; false when there was nothing to send.
  Awaitable<Result<bool>> send_one(std::uint8_t slot);
  Awaitable<Result<void>> send_init(std::uint8_t slot, Subscription& subscription,
                                    const media::Part& part);
  Duration longest_wait() const;

  Services& services_;
  const access::Identity identity_;
  IdentityWatch watch_;
  http::WebSocket& socket_;
  http::WaitSet wait_set_;
  std::map<std::uint8_t, Subscription> subscriptions_;  // at most kSlotsMax
  std::deque<std::string> texts_;                       // at most kTextsMax
  bool broken_ = false;
};

void LiveSocket::say(const json::value& message) {
  if (texts_.size() >= kTextsMax) {
    broken_ = true;
    return;
  }
  texts_.push_back(json::serialize(message));
  wait_set_.wake();
}

void LiveSocket::refuse(std::int64_t slot, const Error& error) {
  say(json::object{
      {"error",
       json::object{{"slot", slot}, {"kind", to_string(error.kind)}, {"message", error.message}}}});
}

void LiveSocket::drop(std::uint8_t slot) {
  const auto found = subscriptions_.find(slot);
  if (found == subscriptions_.end()) return;
  const Subscription gone = std::move(found->second);
  subscriptions_.erase(found);
  forget_signal(*gone.rendition);
  if (std::none_of(subscriptions_.begin(), subscriptions_.end(),
                   [&](const auto& entry) { return entry.second.feed == gone.feed; }))
    wait_set_.remove(gone.feed->status_changed());
}

void LiveSocket::forget_signal(LiveRendition& rendition) {
  if (std::none_of(subscriptions_.begin(), subscriptions_.end(),
                   [&](const auto& entry) { return entry.second.rendition.get() == &rendition; }))
    wait_set_.remove(rendition.changed);
}

// Looked at before each part: what a client plays, and with it the choice of `auto`, changes with
// the camera's codec, and a feed whose settings were changed has another sub rendition, or none.
void LiveSocket::choose_rendition(Subscription& subscription) {
  Rendition which = subscription.wanted;
  auto rendition = subscription.wants_auto ? nullptr : subscription.feed->rendition(which);
  if (!rendition) {
    // Between two settings of the feed: the new one will be there in a moment.
    if (subscription.rendition && subscription.which == Rendition::sub &&
        subscription.feed->settings()->sub_source)
      return;
    which = Rendition::main;
    rendition = subscription.feed->rendition(which);
    const auto tracks = rendition->channel.summary().tracks;
    // Of what plays everywhere none is made, whatever the client says.
    if (tracks && !plays(subscription.codecs, *tracks) && !plays_everywhere(*tracks)) {
      which = Rendition::made;
      rendition = subscription.feed->rendition(which);
    }
  }
  if (which == Rendition::made) subscription.feed->want_made();
  if (rendition == subscription.rendition) return;
  const auto before = std::exchange(subscription.rendition, std::move(rendition));
  subscription.which = which;
  subscription.positioned = false;
  wait_set_.add(subscription.rendition->changed);
  if (before) forget_signal(*before);
}

void LiveSocket::subscribe(const SubscribeMessage& message) {
  if (message.slot < 0 || message.slot >= static_cast<std::int64_t>(kSlotsMax))
    return refuse(message.slot, {ErrorKind::invalid, "slot: expected 0 to 63"});
  const auto slot = static_cast<std::uint8_t>(message.slot);
  drop(slot);
  if (message.codecs && !is_codec_list(*message.codecs))
    return refuse(slot, {ErrorKind::invalid, "codecs: expected at most 32, of 64 bytes"});
  const Error unknown{ErrorKind::not_found, "there is no such feed"};
  const auto id = parse_slug(message.feed);
  auto feed = id ? services_.feeds.find(FeedId(*id)) : nullptr;
  if (!feed) return refuse(slot, unknown);
  auto view = services_.policies.view(feed->id(), identity_);
  if (!view) return refuse(slot, unknown);

  Subscription subscription;
  subscription.feed = std::move(feed);
  subscription.view = std::move(*view);
  subscription.policy_version = services_.policies.version();
  subscription.audio = message.audio.value_or(false);
  subscription.codecs = message.codecs.value_or(std::vector<std::string>{});
  const std::string wanted = message.rendition.value_or("auto");
  if (wanted == "auto") {
    subscription.wants_auto = true;
  } else if (wanted == "sub") {
    subscription.wanted = Rendition::sub;
  } else if (wanted == "made") {
    subscription.wanted = Rendition::made;
  } else if (wanted != "main") {
    return refuse(slot, {ErrorKind::invalid, "rendition: expected main, sub, made or auto"});
  }
  wait_set_.add(subscription.feed->status_changed());
  choose_rendition(subscription);
  subscriptions_.emplace(slot, std::move(subscription));
  wait_set_.wake();
}

void LiveSocket::resume(const ResumeMessage& message) {
  if (message.slot < 0 || message.slot >= static_cast<std::int64_t>(kSlotsMax)) return;
  const auto found = subscriptions_.find(static_cast<std::uint8_t>(message.slot));
  if (found == subscriptions_.end() || message.part < 0) return;
  Subscription& subscription = found->second;
  const auto position = subscription.rendition->channel.position_after(
      {message.recording}, static_cast<std::uint32_t>(message.part));
  if (!position) return;
  subscription.position = *position;
  subscription.positioned = true;
}

void LiveSocket::handle(const http::WebSocketMessage& message) {
  std::error_code error;
  json::value parsed;
  if (message.text && message.data.size() <= kMessageBytesMax) {
    json::parse_options options;
    options.max_depth = 8;
    parsed = json::parse(message.data, error, {}, options);
  } else {
    error = std::make_error_code(std::errc::message_size);
  }
  auto told = error ? Result<ClientMessage>(fail(ErrorKind::invalid, "expected a JSON text"))
                    : from_json<ClientMessage>(parsed);
  if (!told) return refuse(-1, told.error());
  if (told->subscribe) subscribe(*told->subscribe);
  if (told->resume) resume(*told->resume);
  if (told->unsubscribe && told->unsubscribe->slot >= 0 &&
      told->unsubscribe->slot < static_cast<std::int64_t>(kSlotsMax))
    drop(static_cast<std::uint8_t>(told->unsubscribe->slot));
  if (told->ping)
    say(json::object{{"pong", *told->ping}, {"now", format_rfc3339(services_.clock.now())}});
}

Awaitable<void> LiveSocket::read_all() {
  while (!broken_) {
    auto message = co_await socket_.read();
    if (!message) co_return;
    handle(*message);
  }
}

bool LiveSocket::refresh_view(std::uint8_t slot, Subscription& subscription) {
  const std::uint64_t version = services_.policies.version();
  if (version != subscription.policy_version) {
    auto view = services_.policies.view(subscription.feed->id(), identity_);
    const bool gone = services_.feeds.find(subscription.feed->id()) != subscription.feed;
    if (!view || gone) {
      drop(slot);
      refuse(slot, {ErrorKind::not_found, "there is no such feed"});
      return false;
    }
    subscription.view = std::move(*view);
    subscription.policy_version = version;
    subscription.run.reset();
  }
  subscription.view = subscription.view.at(services_.clock.now());
  return true;
}

void LiveSocket::note_status(std::uint8_t slot, Subscription& subscription) {
  const std::uint64_t version = subscription.feed->status_changed().version();
  if (subscription.status_sent && version == subscription.status_version) return;
  subscription.status_sent = true;
  subscription.status_version = version;
  const FeedStatus status = subscription.feed->status();
  say(json::object{{"state", json::object{{"slot", slot},
                                          {"feed", subscription.feed->id().str()},
                                          {"state", to_json(status.state)},
                                          {"reason", to_json(status.reason)},
                                          {"since", format_rfc3339(status.since)}}}});
}

Awaitable<Result<void>> LiveSocket::send_init(std::uint8_t slot, Subscription& subscription,
                                              const media::Part& part) {
  const media::Recording& recording = *part.recording;
  const bool mutes = media::has_sound_to_mute(*recording.tracks);
  const bool muted = mutes && !(subscription.audio && subscription.view.with_audio);
  const media::Track& lead = recording.tracks->front();
  std::string codecs = muted ? lead.codec_string : media::codecs_attribute(*recording.tracks);
  const bool video = lead.kind() == media::TrackKind::video;
  const json::object about{
      {"mime", std::string(video ? "video" : "audio") + "/mp4; codecs=\"" + codecs + "\""},
      {"rendition", to_json(subscription.which)},
      {"width", lead.width},
      {"height", lead.height},
      {"run", recording.run.value}};
  const std::string text = json::serialize(about);
  media::ByteWriter head;
  head.u8(1);
  head.u8(slot);
  head.u16(static_cast<std::uint16_t>(text.size()));
  head.append(as_bytes(text));
  std::vector<http::MemorySlice> slices;
  slices.push_back(http::MemorySlice::of(std::make_shared<const Bytes>(head.take())));
  SharedBytes init = recording.init;
  if (muted) {
    auto silent = media::mute_init(*init);
    if (!silent) co_return fail(silent.error());
    init = std::make_shared<const Bytes>(std::move(*silent));
  }
  slices.push_back(http::MemorySlice::of(std::move(init)));
  co_return co_await socket_.write_binary(std::move(slices));
}

Awaitable<Result<bool>> LiveSocket::send_one(std::uint8_t slot) {
  auto& subscription = subscriptions_.at(slot);
  note_status(slot, subscription);
  choose_rendition(subscription);
  if (!refresh_view(slot, subscription)) co_return false;
  auto& channel = subscription.rendition->channel;
  const live::View view = live_view(subscription.view);
  const bool first = !subscription.positioned;
  if (first) {
    subscription.position = channel.start_position(view);
    subscription.positioned = channel.revision() > 0;
  }
  auto next = channel.next_part(subscription.position, view, first ? SIZE_MAX : kBehindMax);
  if (!next.part) co_return false;
  const media::PartPtr part = std::move(next.part);
  subscription.position = next.position + 1;
  if (!subscription.view.may_see({part->start, part->end()})) co_return true;

  std::uint8_t flags = next.skipped ? kFlagSkipped : 0;
  if (part->independent) flags |= kFlagIndependent;
  const bool new_run = subscription.run != part->recording->run;
  if (new_run) {
    flags |= kFlagNewRun;
    // The run is noted before the first await: the reader may drop the subscription meanwhile.
    subscription.run = part->recording->run;
  }
  const bool mutes = media::has_sound_to_mute(*part->recording->tracks);
  const bool muted = mutes && !(subscription.audio && subscription.view.with_audio);
  if (new_run) {
    Subscription copy = subscription;
    if (auto sent = co_await send_init(slot, copy, *part); !sent) co_return fail(sent.error());
  }
  media::ByteWriter head;
  head.u8(2);
  head.u8(slot);
  head.u8(flags);
  head.u8(0);
  head.u64(static_cast<std::uint64_t>(part->recording->id.value));
  head.u32(part->number);
  head.u64(static_cast<std::uint64_t>(part->start.us));
  head.u64(static_cast<std::uint64_t>(part->recording->run_offset_90k + part->start_90k));
  head.u32(static_cast<std::uint32_t>(part->duration_90k));
  auto slices = part_slices(*part, muted);
  slices.insert(slices.begin(), http::MemorySlice::of(std::make_shared<const Bytes>(head.take())));
  if (auto sent = co_await socket_.write_binary(std::move(slices)); !sent)
    co_return fail(sent.error());
  co_return true;
}

Duration LiveSocket::longest_wait() const {
  for (const auto& [slot, subscription] : subscriptions_)
    if (subscription.view.delay.us > 0) return kDelayedStep;
  return kWakeAtLeast;
}

Awaitable<void> LiveSocket::write_all() {
  while (!broken_) {
    // The page connects again, as who it then is.
    const bool same = co_await watch_.holds();
    if (!same) co_return;
    while (!texts_.empty()) {
      std::string text = std::move(texts_.front());
      texts_.pop_front();
      if (auto sent = co_await socket_.write_text(std::move(text)); !sent) co_return;
    }
    // One message a feed and round, so that one fast feed does not starve the others.
    bool sent_any = false;
    for (auto next = subscriptions_.begin(); next != subscriptions_.end();) {
      const std::uint8_t slot = next->first;
      auto sent = co_await send_one(slot);
      if (!sent) co_return;
      sent_any = sent_any || *sent;
      next = subscriptions_.upper_bound(slot);
    }
    if (!sent_any && texts_.empty()) co_await wait_set_.wait(longest_wait());
  }
}

}  // namespace

Awaitable<void> serve_live_socket(Services& services, http::Request& request,
                                  http::WebSocket& socket) {
  using namespace boost::asio::experimental::awaitable_operators;
  LiveSocket live(services, request, socket, co_await boost::asio::this_coro::executor);
  co_await (live.read_all() || live.write_all());
}

}  // namespace oriel::api

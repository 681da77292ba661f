#include "archive/retention.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"

namespace oriel::archive {
namespace {

constexpr Duration kJournalDeadline = Duration::from_s(10);
constexpr Duration kBetweenBatches = Duration::from_ms(100);
constexpr Duration kBacklogPause = Duration::from_ms(500);
constexpr Duration kRetryLoad = Duration::from_s(5);
// Above this share of the write buffer recording needs the disk for itself.
constexpr double kBacklogMax = 0.25;
// Now and then all is looked at again, also what was passed as thinned.
constexpr auto kSweepInterval = std::chrono::hours(24);
constexpr auto kLookAheadInterval = std::chrono::hours(1);
constexpr std::size_t kReasonMax = 1'000;

bool takes_changes(const Volume& volume) {
  const auto state = volume.state();
  return state == VolumeState::ok || state == VolumeState::full;
}

std::string text_of(RetentionCause cause) { return boost::describe::enum_to_string(cause, "rule"); }

std::string describe(const Unmet& unmet, const std::vector<Hold>& holds) {
  auto text = fmt::format("{} of {}: {} MiB more should go, and nothing that may go is left",
                          text_of(unmet.cause), unmet.subject, (unmet.missing_bytes >> 20) + 1);
  if (!unmet.by_holds) return text;
  text += "; what remains is held by ";
  for (std::size_t i = 0; i < holds.size() && i < 3; ++i)
    text += fmt::format("{}hold {} ({})", i == 0 ? "" : ", ", holds[i].id, holds[i].reason);
  if (holds.size() > 3) text += fmt::format(" and {} more", holds.size() - 3);
  return text + "; recording stops when the disk is full";
}

// Adds what a step would do to a plan.
class PlanBook {
 public:
  bool add(const RetentionStep& step) {
    if (++steps_ > kPlanStepsMax) {
      plan_.complete = false;
      return false;
    }
    if (step.held_by != nullptr) {
      auto& held = held_[step.held_by->id];
      held.hold = step.held_by->id;
      ++held.recordings;
      held.bytes += static_cast<std::int64_t>(step.bytes);
      return true;
    }
    const auto action = step.becomes == media::Thinned::none ? RetentionAction::deleted
                        : step.becomes == media::Thinned::key_frames
                            ? RetentionAction::key_frames
                            : RetentionAction::minute_frames;
    auto& item = items_[{step.feed.str(), step.cause}];
    item.feed = step.feed.str();
    item.cause = step.cause;
    item.action = action;
    ++item.recordings;
    item.bytes += static_cast<std::int64_t>(step.bytes);
    add_span(item.spans, step.span);
    if (action == RetentionAction::deleted) {
      ++plan_.deleted_recordings;
      plan_.deleted_bytes += static_cast<std::int64_t>(step.bytes);
    } else {
      ++plan_.thinned_recordings;
    }
    return true;
  }
  RetentionPlan finish(const std::vector<Unmet>& unmet) {
    for (auto& [key, item] : items_) plan_.items.push_back(std::move(item));
    for (auto& [id, item] : held_) plan_.held.push_back(item);
    if (plan_.complete)
      for (const auto& goal : unmet)
        plan_.unmet.push_back({goal.cause, goal.subject,
                               static_cast<std::int64_t>(goal.missing_bytes), goal.by_holds});
    return std::move(plan_);
  }

 private:
  static void add_span(std::vector<PlannedSpan>& spans, UtcSpan span) {
    const bool joins = !spans.empty() && span.begin <= spans.back().end + Catalog::kJoin;
    if (joins || spans.size() == kPlannedSpansMax)
      spans.back().end = std::max(spans.back().end, span.end);
    else
      spans.push_back({span.begin, span.end});
  }

  RetentionPlan plan_;
  std::int64_t steps_ = 0;
  std::map<std::pair<std::string, RetentionCause>, PlannedItem> items_;
  std::map<std::int64_t, ProtectedItem> held_;
};

Result<void> check(const DeletionRequest& request, UtcTime now) {
  if (request.span.begin == request.span.end)
    return fail(ErrorKind::invalid, "end: a span of no length holds nothing to delete");
  if (request.span.end < request.span.begin)
    return fail(ErrorKind::invalid, "end: lies before start (are they exchanged?)");
  if (request.span.begin > now) return fail(ErrorKind::invalid, "start: lies in the future");
  if (request.reason.empty()) return fail(ErrorKind::invalid, "reason: is missing");
  if (request.reason.size() > kReasonMax)
    return fail(ErrorKind::invalid, fmt::format("reason: at most {} bytes", kReasonMax));
  return {};
}

}  // namespace

Result<RetentionPlan> plan_retention(store::Database& database, Usage& usage,
                                     const ChoiceInput& input) {
  RetentionChoice choice(database, usage);
  PlanBook book;
  ORIEL_TRY(choice.each(input, [&](const RetentionStep& step) { return book.add(step); }));
  return book.finish(choice.unmet());
}

Retention::Retention(RetentionOptions options, RetentionParts parts)
    : options_(options),
      parts_(std::move(parts)),
      rules_(parts_.database),
      holds_(parts_.database, parts_.clock),
      usage_(parts_.database, &parts_.writer),
      deletion_(parts_.database, parts_.writer, parts_.file_system, parts_.clock, parts_.forget),
      thinning_(parts_.database, parts_.writer, parts_.file_system, parts_.volumes, parts_.catalog,
                parts_.ids, parts_.clock, parts_.forget),
      deleted_recordings_(parts_.metrics.counter("oriel_archive_deleted_recordings_total",
                                                 "Recordings deleted by rules and people")),
      deleted_bytes_(parts_.metrics.counter("oriel_archive_deleted_bytes_total",
                                            "Bytes of deleted recordings")),
      thinned_recordings_(
          parts_.metrics.counter("oriel_archive_thinned_recordings_total", "Recordings thinned")),
      thinned_bytes_(parts_.metrics.counter("oriel_archive_thinned_bytes_total",
                                            "Bytes that thinning gave back")),
      choice_(parts_.database, usage_) {}

Retention::~Retention() { stop(); }

Result<void> Retention::start() {
  ORIEL_TRY(rules_.load());
  thread_ = NamedThread("archive-keep", [this](const std::stop_token& stop) { run(stop); });
  return {};
}

void Retention::stop() {
  thread_.request_stop();
  thread_.join();
}

void Retention::poke() {
  {
    const std::lock_guard lock(mutex_);
    poked_ = true;
  }
  wake_.notify_all();
}

// False: stop.
bool Retention::pause(Duration length, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, stop, std::chrono::microseconds(length.us), [] { return false; });
  return !stop.stop_requested();
}

void Retention::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    auto loaded = usage_.load([&] { return !stop.stop_requested(); });
    if (loaded) break;
    if (stop.stop_requested()) return;
    log::warn("retention: the archive cannot be counted: {}", loaded.error().message);
    if (!pause(kRetryLoad, stop)) return;
  }
  while (!stop.stop_requested()) {
    tell_failure(pass(stop));
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, stop, std::chrono::microseconds(options_.interval.us),
                   [&] { return poked_; });
    poked_ = false;
  }
}

// Once when it begins and once when it is over; a database that is away is told of by others.
void Retention::tell_failure(const Result<void>& passed) {
  if (!passed && passed.error().kind == ErrorKind::cancelled) return;
  if (passed && std::exchange(failing_, false))
    parts_.alarms.clear(AlarmKind::retention_stuck, "archive");
  if (passed) return;
  if (!std::exchange(failing_, true)) log::warn("retention: {}", passed.error().message);
  if (passed.error().kind != ErrorKind::unavailable)
    parts_.alarms.raise(AlarmKind::retention_stuck, "archive", passed.error().message);
}

Result<void> Retention::run_once() {
  if (!usage_.loaded()) ORIEL_TRY(usage_.load([] { return true; }));
  return pass({});
}

// The feeds that recorded yesterday or today go on as they did.
Result<void> Retention::look_ahead() {
  const auto steady = parts_.clock.steady();
  if (looked_ahead_ && steady - *looked_ahead_ < kLookAheadInterval) return {};
  const auto now = parts_.clock.now();
  std::vector<FeedId> recording;
  ORIEL_TRY_ASSIGN(const auto feeds, usage_.feeds());
  for (const auto& feed : feeds) {
    ORIEL_TRY_ASSIGN(const auto days, usage_.days(feed));
    if (!days.empty() && days.back().day + 1 >= Usage::day_of(now)) recording.push_back(feed);
  }
  ORIEL_TRY_ASSIGN(const auto ahead, forecast(recording));
  looked_ahead_ = steady;
  if (ahead.full_at && *ahead.full_at <= now + options_.full_within) {
    parts_.alarms.raise(
        AlarmKind::forecast_full, "archive",
        fmt::format("At the present rate the last volume is full on {}, with the rules of retention"
                    " at work: add a volume, or let the rules delete or thin more.",
                    format_rfc3339(*ahead.full_at).substr(0, 10)));
  } else {
    parts_.alarms.clear(AlarmKind::forecast_full, "archive");
  }
  return {};
}

Result<void> Retention::pass(const std::stop_token& stop) {
  const std::lock_guard one(working_);
  ORIEL_TRY(look_ahead());
  ORIEL_TRY(note_holds());
  // What a disk that failed left of copies; none is being made now.
  ORIEL_TRY(clear_unfinished_thinning(parts_.volumes(), parts_.file_system, parts_.database));
  ORIEL_TRY(erase_all(stop));
  {
    const auto now = parts_.clock.steady();
    const std::lock_guard lock(mutex_);
    if (std::exchange(holds_changed_, false) || rules_version_ != rules_.version() || !swept_ ||
        now - *swept_ > kSweepInterval) {
      choice_.forget();
      swept_ = now;
    }
  }
  rules_version_ = rules_.version();
  for (;;) {
    if (stop.stop_requested()) return fail(ErrorKind::cancelled, "stopped");
    if (parts_.writer.backlog() > kBacklogMax) {
      if (!pause(kBacklogPause, stop)) return fail(ErrorKind::cancelled, "stopped");
      continue;
    }
    ORIEL_TRY_ASSIGN(const bool more, step(stop));
    if (!more) return {};
    // The disk and the database belong to recording first.
    if (stop.stop_possible() && !pause(kBetweenBatches, stop))
      return fail(ErrorKind::cancelled, "stopped");
  }
}

ChoiceInput Retention::input(std::vector<Hold> holds) const {
  ChoiceInput input;
  input.rules = rules_.rules();
  input.holds = std::move(holds);
  input.now = parts_.clock.now();
  for (const auto* volume : parts_.volumes()) {
    if (!takes_changes(*volume)) continue;
    // Not the volume's own number: it is a second old, and files have gone since.
    const auto space = parts_.file_system.space(volume->path());
    if (!space) continue;
    input.volumes.push_back({volume->id(), space->free_bytes, volume->reserve_bytes()});
  }
  return input;
}

Result<bool> Retention::step(const std::stop_token& stop) {
  ORIEL_TRY_ASSIGN(auto holds, holds_.in_force());
  const auto chosen_from = input(std::move(holds));
  std::set<VolumeId> writable;
  for (const auto& volume : chosen_from.volumes) writable.insert(volume.id);
  std::vector<RecordingId> doomed;
  std::optional<RetentionStep> thinned;
  ORIEL_TRY(choice_.each(chosen_from, [&](const RetentionStep& step) {
    if (step.held_by != nullptr || !writable.contains(step.volume)) return true;
    if (step.becomes != media::Thinned::none) {
      // Only when nothing is to be deleted: that comes first.
      if (doomed.empty()) thinned = step;
      return false;
    }
    doomed.push_back(step.id);
    return doomed.size() < Deletion::kBatchMax;
  }));
  if (!doomed.empty()) {
    ORIEL_TRY_ASSIGN(const auto result, deletion_.mark(doomed));
    ORIEL_TRY(touch(result.marked));
    ORIEL_TRY(erase_all(stop));
    // Being written, or held since it was chosen: the next look tells.
    return !result.marked.empty();
  }
  if (thinned) return thin(*thinned, stop);
  tell_unmet(choice_.unmet());
  return false;
}

Result<bool> Retention::thin(const RetentionStep& step, const std::stop_token& stop) {
  const auto began = parts_.clock.steady();
  std::uint64_t done = 0;
  const auto slow_down = [&](std::uint64_t bytes) {
    done += bytes;
    if (!stop.stop_possible()) return true;
    const auto due = std::chrono::microseconds(static_cast<std::int64_t>(
        static_cast<double>(done) * 1e6 / static_cast<double>(options_.thinning_bytes_per_s)));
    const auto ahead = std::chrono::duration_cast<std::chrono::microseconds>(
        due - (parts_.clock.steady() - began));
    return ahead.count() < 50'000 ? !stop.stop_requested() : pause(Duration{ahead.count()}, stop);
  };
  auto made = thinning_.thin(step.id, step.becomes, slow_down);
  if (!made &&
      (made.error().kind == ErrorKind::unsupported || made.error().kind == ErrorKind::data_loss)) {
    log::warn("recording {} of feed {} cannot be thinned and stays as it is: {}", step.id.value,
              step.feed.str(), made.error().message);
    choice_.leave(step.id);
    return true;
  }
  if (!made) return fail(made.error());
  if (!*made) {
    choice_.leave(step.id);
    return true;
  }
  thinned_recordings_.add();
  thinned_bytes_.add(static_cast<double>(step.bytes - std::min(step.bytes, (**made).bytes)));
  ORIEL_TRY(usage_.touch(step.feed, step.span));
  ORIEL_TRY(erase_all(stop));
  return true;
}

Result<void> Retention::touch(const std::vector<Marked>& marked) {
  std::map<FeedId, UtcSpan> spans;
  for (const auto& one : marked) {
    auto& span = spans.try_emplace(one.feed, one.span).first->second;
    span = {std::min(span.begin, one.span.begin), std::max(span.end, one.span.end)};
    deleted_recordings_.add();
    deleted_bytes_.add(static_cast<double>(one.bytes));
  }
  for (const auto& [feed, span] : spans) ORIEL_TRY(usage_.touch(feed, span));
  return {};
}

Result<void> Retention::erase_all(const std::stop_token& stop) {
  for (auto* volume : parts_.volumes()) {
    while (takes_changes(*volume) && !stop.stop_requested()) {
      ORIEL_TRY_ASSIGN(const auto count, deletion_.erase(*volume));
      if (count == 0) break;
    }
  }
  return {};
}

Result<void> Retention::note_holds() {
  const std::lock_guard one(noting_);
  for (const auto* volume : parts_.volumes()) {
    if (!takes_changes(*volume)) continue;
    ORIEL_TRY_ASSIGN(const auto holds, holds_.not_noted(volume->id()));
    if (holds.empty()) continue;
    std::vector<JournalEntry> entries;
    for (const auto& hold : holds) entries.push_back(hold_entry(hold));
    ORIEL_TRY(parts_.writer.write_journal(volume->id(), std::move(entries), kJournalDeadline));
    ORIEL_TRY(holds_.set_noted(volume->id(), holds));
  }
  return {};
}

void Retention::tell_unmet(const std::vector<Unmet>& unmet) {
  std::map<std::string, std::string> now;
  const auto holds = holds_.in_force();
  for (const auto& goal : unmet)
    now[text_of(goal.cause) + ":" + goal.subject] =
        describe(goal, holds ? *holds : std::vector<Hold>{});
  for (const auto& [subject, message] : told_)
    if (!now.contains(subject)) parts_.alarms.clear(AlarmKind::retention_stuck, subject);
  for (const auto& [subject, message] : now)
    parts_.alarms.raise(AlarmKind::retention_stuck, subject, message);
  told_ = std::move(now);
}

Result<Hold> Retention::make_hold(const HoldRequest& request) {
  ORIEL_TRY_ASSIGN(auto made, holds_.make(request));
  log::info("hold {}: {} from {} to {}, by {}: {}", made.id,
            made.feed ? "feed " + *made.feed : "all feeds", format_rfc3339(made.start),
            format_rfc3339(made.end), made.made_by, made.reason);
  if (auto noted = note_holds(); !noted)
    log::warn("hold {}: a journal does not know of it yet: {}", made.id, noted.error().message);
  return made;
}

Result<Hold> Retention::release_hold(std::int64_t id, const std::string& who) {
  ORIEL_TRY_ASSIGN(auto released, holds_.release(id, who));
  log::info("hold {}: released by {}", id, who);
  {
    const std::lock_guard lock(mutex_);
    holds_changed_ = true;
  }
  if (auto noted = note_holds(); !noted)
    log::warn("hold {}: a journal does not know of its release: {}", id, noted.error().message);
  poke();
  return released;
}

Result<void> Retention::set_rule(const std::optional<FeedId>& feed, const RetentionRule& rule,
                                 const std::string& who) {
  ORIEL_TRY(rules_.set(feed, rule, who, parts_.clock.now()));
  poke();
  return {};
}

Result<RetentionPlan> Retention::plan(const std::optional<RetentionRules>& rules) {
  ORIEL_TRY_ASSIGN(auto holds, holds_.in_force());
  auto asked = input(std::move(holds));
  if (rules) asked.rules = *rules;
  return plan_retention(parts_.database, usage_, asked);
}

Result<Forecast> Retention::forecast(const std::vector<FeedId>& recording,
                                     const std::optional<RetentionRules>& rules) {
  ForecastInput asked;
  asked.now = parts_.clock.now();
  asked.rules = rules ? *rules : rules_.rules();
  ORIEL_TRY_ASSIGN(asked.holds, holds_.in_force());
  for (const auto* volume : parts_.volumes()) {
    const auto status = volume->status();
    asked.volumes.push_back(
        {volume->id(), status.total_bytes, status.free_bytes, volume->reserve_bytes()});
  }
  ORIEL_TRY_ASSIGN(const auto feeds, usage_.feeds());
  for (const auto& id : feeds) {
    ForecastInput::Feed feed;
    feed.id = id;
    ORIEL_TRY_ASSIGN(feed.days, usage_.days(id));
    ORIEL_TRY_ASSIGN(const auto first, parts_.catalog.first_recording(id, media::Rendition::main));
    feed.first = first ? first->start : asked.now;
    feed.recording = std::find(recording.begin(), recording.end(), id) != recording.end();
    asked.feeds.push_back(std::move(feed));
  }
  return make_forecast(asked);
}

Result<std::vector<RecordingRow>> Retention::rows_of(const DeletionRequest& request) const {
  std::vector<RecordingRow> rows;
  for (const auto rendition : {media::Rendition::main, media::Rendition::sub}) {
    std::optional<UtcTime> begin = request.span.begin;
    while (begin) {
      ORIEL_TRY_ASSIGN(auto page, parts_.catalog.recordings(request.feed, rendition,
                                                            {*begin, request.span.end}));
      for (auto& row : page.rows) rows.push_back(std::move(row));
      if (rows.size() > kDeletionRowsMax)
        return fail(ErrorKind::invalid,
                    fmt::format("the span holds more than {} recordings: ask for it in pieces of a "
                                "month",
                                kDeletionRowsMax));
      begin = page.next;
    }
  }
  if (rows.empty())
    return fail(ErrorKind::not_found, "nothing is recorded in this span (any more)");
  return rows;
}

Result<DeletionAnswer> Retention::delete_span(const DeletionRequest& request) {
  const auto now = parts_.clock.now();
  ORIEL_TRY(check(request, now));
  ORIEL_TRY_ASSIGN(const auto rows, rows_of(request));
  ORIEL_TRY_ASSIGN(const auto holds, holds_.in_force());
  DeletionAnswer answer;
  answer.start = rows.front().start;
  answer.end = rows.front().end;
  std::vector<RecordingId> ids;
  for (const auto& row : rows) {
    if (row.open() || parts_.writer.position(row.id))
      return fail(ErrorKind::conflict,
                  fmt::format("the recording from {} on is still being written: end before it, or "
                              "ask again in some minutes",
                              format_rfc3339(row.start)));
    if (const auto* hold = find_hold(holds, request.feed, row.span()))
      return fail(
          ErrorKind::conflict,
          fmt::format("hold {} ({}) keeps the recording from {} to {}: nothing was deleted",
                      hold->id, hold->reason, format_rfc3339(row.start), format_rfc3339(row.end)));
    ids.push_back(row.id);
    ++answer.recordings;
    answer.bytes += static_cast<std::int64_t>(row.bytes);
    answer.start = std::min(answer.start, row.start);
    answer.end = std::max(answer.end, row.end);
  }
  if (request.dry_run) return answer;
  // The order first: who deletes is known, whatever happens next.
  ORIEL_TRY(parts_.database.write_durable([&](store::Session& session) -> Result<void> {
    ORIEL_TRY(session.execute(
        "INSERT INTO deletion_order (feed, start_us, end_us, reason, made_by, made_us, recordings,"
        " bytes) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        {request.feed.str(), answer.start.us, answer.end.us, request.reason, request.who, now.us,
         answer.recordings, answer.bytes}));
    return {};
  }));
  log::info("feed {}: {} recordings from {} to {} are deleted by {}: {}", request.feed.str(),
            answer.recordings, format_rfc3339(answer.start), format_rfc3339(answer.end),
            request.who, request.reason);
  for (std::size_t at = 0; at < ids.size(); at += Deletion::kBatchMax) {
    const auto end = std::min(ids.size(), at + Deletion::kBatchMax);
    const std::vector<RecordingId> batch(ids.begin() + static_cast<std::ptrdiff_t>(at),
                                         ids.begin() + static_cast<std::ptrdiff_t>(end));
    ORIEL_TRY_ASSIGN(const auto result, deletion_.mark(batch));
    if (usage_.loaded()) ORIEL_TRY(touch(result.marked));
    if (!result.held.empty())
      return fail(ErrorKind::conflict,
                  fmt::format("hold {} was made meanwhile: a part of the span is deleted, the rest "
                              "is kept",
                              result.held_by));
  }
  poke();
  return answer;
}

Result<std::vector<DeletionOrder>> Retention::deletion_orders(std::size_t count_max,
                                                              std::int64_t before) const {
  std::vector<DeletionOrder> orders;
  ORIEL_TRY(parts_.database.read([&](store::Session& session) {
    orders.clear();
    return session.query(
        "SELECT id, feed, start_us, end_us, reason, made_by, made_us, recordings, bytes"
        " FROM deletion_order WHERE id < $1 ORDER BY id DESC LIMIT $2",
        {before, static_cast<std::int64_t>(count_max)}, [&](const store::Row& row) {
          orders.push_back({row.integer(0), row.text(1), UtcTime{row.integer(2)},
                            UtcTime{row.integer(3)}, row.text(4), row.text(5),
                            UtcTime{row.integer(6)}, row.integer(7), row.integer(8)});
        });
  }));
  return orders;
}

}  // namespace oriel::archive

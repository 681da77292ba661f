#include "notify/alarm_book.h"

#include <algorithm>
#include <chrono>

#include "base/log.h"

namespace oriel::notify {
namespace {

constexpr std::size_t kOverMax = 1'000;
constexpr std::size_t kMessageBytesMax = 1'000;
constexpr std::size_t kNameBytesMax = 100;
constexpr auto kRetryAfter = std::chrono::seconds(2);
constexpr auto kTick = std::chrono::seconds(5);

// For one line on a page and in a mail: nothing in it may end the line.
std::string one_line(std::string_view text, std::size_t bytes_max) {
  if (text.size() > bytes_max) {
    // Not through the middle of a character.
    while (bytes_max > 0 && (static_cast<unsigned char>(text[bytes_max]) & 0xc0) == 0x80)
      --bytes_max;
    text = text.substr(0, bytes_max);
  }
  std::string line(text);
  std::replace_if(
      line.begin(), line.end(),
      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  return line;
}

store::Value time_or_null(const std::optional<UtcTime>& time) {
  return time ? store::Value(time->us) : store::Value(nullptr);
}

constexpr std::string_view kColumns =
    "id, kind, subject, grade, message, raised_us, times, until_acknowledged, cleared_us,"
    " acknowledged_us, acknowledged_by";

Alarm alarm_of(const store::Row& row) {
  Alarm alarm;
  alarm.id = row.integer(0);
  alarm.kind = row.text(1);
  alarm.subject = row.text(2);
  alarm.grade = row.integer(3) == 0 ? Grade::warning : Grade::critical;
  alarm.message = row.text(4);
  alarm.raised_at = UtcTime{row.integer(5)};
  alarm.times = row.integer(6);
  alarm.until_acknowledged = row.integer(7) != 0;
  if (!row.is_null(8)) alarm.cleared_at = UtcTime{row.integer(8)};
  if (!row.is_null(9)) alarm.acknowledged_at = UtcTime{row.integer(9)};
  if (!row.is_null(10)) alarm.acknowledged_by = row.text(10);
  return alarm;
}

Result<void> save(store::Session& session, const Alarm& alarm) {
  ORIEL_TRY(session.execute(
      "INSERT INTO alarm (id, kind, subject, grade, message, raised_us, times,"
      " until_acknowledged, cleared_us, acknowledged_us, acknowledged_by)"
      " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
      " ON CONFLICT (id) DO UPDATE SET message = excluded.message, grade = excluded.grade,"
      " times = excluded.times, cleared_us = excluded.cleared_us,"
      " acknowledged_us = excluded.acknowledged_us, acknowledged_by = excluded.acknowledged_by",
      {alarm.id, alarm.kind, alarm.subject, static_cast<std::int64_t>(alarm.grade), alarm.message,
       alarm.raised_at.us, alarm.times, std::int64_t{alarm.until_acknowledged},
       time_or_null(alarm.cleared_at), time_or_null(alarm.acknowledged_at),
       alarm.acknowledged_by ? store::Value(*alarm.acknowledged_by) : store::Value(nullptr)}));
  return {};
}

}  // namespace

AlarmBook::AlarmBook(AlarmBookOptions options, store::Database& database, const Clock& clock,
                     Metrics& metrics, Listener listener)
    : options_(options),
      database_(database),
      clock_(clock),
      listener_(std::move(listener)),
      refused_(metrics.counter("oriel_alarms_refused_total",
                               "Alarms that did not fit the book of alarms")),
      started_(clock.steady()) {}

Result<std::unique_ptr<AlarmBook>> AlarmBook::open(AlarmBookOptions options,
                                                   store::Database& database, const Clock& clock,
                                                   Metrics& metrics, Listener listener) {
  std::unique_ptr<AlarmBook> book(
      new AlarmBook(options, database, clock, metrics, std::move(listener)));
  ORIEL_TRY(book->load());
  book->writer_ = NamedThread(
      "alarms", [book = book.get()](const std::stop_token& stop) { book->write_loop(stop); });
  return book;
}

AlarmBook::~AlarmBook() {
  writer_.request_stop();
  writer_.join();
}

Result<void> AlarmBook::load() {
  return database_.read([&](store::Session& session) -> Result<void> {
    active_.clear();
    ORIEL_TRY(session.query("SELECT MAX(id) FROM alarm", {},
                            [&](const store::Row& row) { last_id_ = row.integer(0); }));
    return session.query("SELECT " + std::string(kColumns) +
                             " FROM alarm WHERE cleared_us IS NULL ORDER BY id LIMIT $1",
                         {static_cast<std::int64_t>(options_.active_max)},
                         [&](const store::Row& row) {
                           Entry entry;
                           entry.alarm = alarm_of(row);
                           entry.confirmed = false;
                           entry.dirty = false;
                           Key key{entry.alarm.kind, entry.alarm.subject};
                           active_[std::move(key)] = std::move(entry);
                         });
  });
}

void AlarmBook::raise(const Condition& condition, std::string_view text) {
  const std::string message = one_line(text, kMessageBytesMax);
  Key key{one_line(condition.kind, kNameBytesMax), one_line(condition.subject, kNameBytesMax)};
  std::unique_lock lock(mutex_);
  if (const auto found = active_.find(key); found != active_.end()) {
    auto& entry = found->second;
    entry.confirmed = true;
    if (entry.alarm.message == message && entry.alarm.grade == condition.grade) return;
    entry.alarm.message = message;
    entry.alarm.grade = condition.grade;
    entry.dirty = true;
    return changed(lock, std::nullopt);
  }
  if (active_.size() >= options_.active_max) {
    lock.unlock();
    refused_.add();
    log::error("{} {}: {}", key.first, key.second, message);
    return;
  }
  const UtcTime now = clock_.now();
  Entry entry;
  const auto before = std::find_if(over_.begin(), over_.end(), [&](const Entry& over) {
    return over.alarm.kind == key.first && over.alarm.subject == key.second;
  });
  const bool again =
      before != over_.end() && now - *before->alarm.cleared_at <= options_.reopen_within;
  if (again) {
    entry.alarm = std::move(before->alarm);
    over_.erase(before);
    ++entry.alarm.times;
    entry.alarm.cleared_at.reset();
  } else {
    entry.alarm.id = ++last_id_;
    entry.alarm.kind = key.first;
    entry.alarm.subject = key.second;
    entry.alarm.raised_at = now;
  }
  entry.alarm.grade = condition.grade;
  entry.alarm.message = message;
  entry.alarm.until_acknowledged = condition.until_acknowledged;
  Notice notice{NoticeKind::raised, entry.alarm};
  active_.emplace(std::move(key), std::move(entry));
  changed(lock, std::move(notice));
}

// mutex_ held.
Alarm AlarmBook::end(std::map<Key, Entry>::iterator found) {
  Entry entry = std::move(found->second);
  active_.erase(found);
  entry.alarm.cleared_at = clock_.now();
  entry.dirty = true;
  Alarm ended = entry.alarm;
  over_.push_front(std::move(entry));
  if (over_.size() > kOverMax) over_.pop_back();
  return ended;
}

void AlarmBook::clear(std::string_view kind, std::string_view subject) {
  std::unique_lock lock(mutex_);
  const auto found =
      active_.find({one_line(kind, kNameBytesMax), one_line(subject, kNameBytesMax)});
  if (found == active_.end()) return;
  Notice notice{NoticeKind::cleared, end(found)};
  changed(lock, std::move(notice));
}

Result<Alarm> AlarmBook::acknowledge(std::int64_t id, const std::string& by) {
  std::unique_lock lock(mutex_);
  const auto found = std::find_if(active_.begin(), active_.end(),
                                  [&](const auto& item) { return item.second.alarm.id == id; });
  if (found == active_.end())
    return fail(ErrorKind::not_found, "there is no such alarm, or it is over");
  auto& entry = found->second;
  if (!entry.alarm.acknowledged_at) {
    entry.alarm.acknowledged_at = clock_.now();
    entry.alarm.acknowledged_by = one_line(by, kNameBytesMax);
    entry.dirty = true;
  }
  Alarm answer = entry.alarm;
  std::optional<Notice> notice;
  if (entry.alarm.until_acknowledged) {
    answer = end(found);
    notice = Notice{NoticeKind::cleared, answer};
  }
  changed(lock, std::move(notice));
  return answer;
}

// Unlocks before anybody is told.
void AlarmBook::changed(std::unique_lock<std::mutex>& lock, std::optional<Notice> notice) {
  ++version_;
  lock.unlock();
  wake_.notify_all();
  if (!notice) return;
  const auto& alarm = notice->alarm;
  if (notice->event == NoticeKind::raised)
    log::error("alarm {} {}: {}", alarm.kind, alarm.subject, alarm.message);
  else
    log::info("alarm {} {}: is over", alarm.kind, alarm.subject);
  listener_(*notice);
}

std::vector<Alarm> AlarmBook::active() const {
  std::vector<Alarm> alarms;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, entry] : active_) alarms.push_back(entry.alarm);
  }
  std::sort(alarms.begin(), alarms.end(),
            [](const Alarm& a, const Alarm& b) { return a.id > b.id; });
  return alarms;
}

Result<std::vector<Alarm>> AlarmBook::history(std::int64_t before, std::int64_t count_max) const {
  std::vector<Alarm> alarms;
  ORIEL_TRY(database_.read([&](store::Session& session) {
    alarms.clear();
    return session.query("SELECT " + std::string(kColumns) +
                             " FROM alarm WHERE cleared_us IS NOT NULL AND id < $1"
                             " ORDER BY id DESC LIMIT $2",
                         {before, count_max},
                         [&](const store::Row& row) { alarms.push_back(alarm_of(row)); });
  }));
  return alarms;
}

std::uint64_t AlarmBook::version() const {
  const std::lock_guard lock(mutex_);
  return version_;
}

void AlarmBook::end_unconfirmed() {
  if (clock_.steady() - started_ < std::chrono::microseconds(options_.confirm_within.us)) return;
  std::vector<Key> unconfirmed;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, entry] : active_)
      // What ends by a person's word is not raised again and again.
      if (!entry.confirmed && !entry.alarm.until_acknowledged) unconfirmed.push_back(key);
  }
  for (const auto& [kind, subject] : unconfirmed) clear(kind, subject);
}

void AlarmBook::write_loop(const std::stop_token& stop) {
  for (;;) {
    const bool written = write_rows();
    end_unconfirmed();
    std::unique_lock lock(mutex_);
    if (stop.stop_requested()) return;
    if (!written) {
      wake_.wait_for(lock, stop, kRetryAfter, [] { return false; });
      continue;
    }
    const auto seen = version_;
    const auto is_dirty = [](const auto& entry) { return entry.dirty; };
    const bool more = std::any_of(over_.begin(), over_.end(), is_dirty) ||
                      std::any_of(active_.begin(), active_.end(),
                                  [&](const auto& item) { return item.second.dirty; });
    if (!more) wake_.wait_for(lock, stop, kTick, [&] { return version_ != seen; });
  }
}

// True when nothing is left to be tried again.
bool AlarmBook::write_rows() {
  std::vector<Alarm> rows;
  {
    const std::lock_guard lock(mutex_);
    const auto take = [&](Entry& entry) {
      if (entry.dirty) rows.push_back(entry.alarm);
      entry.dirty = false;
    };
    for (auto& [key, entry] : active_) take(entry);
    for (auto& entry : over_) take(entry);
    writing_ = !rows.empty();
  }
  if (rows.empty()) return true;
  const auto saved = database_.write([&](store::Session& session) -> Result<void> {
    for (const auto& alarm : rows) ORIEL_TRY(save(session, alarm));
    ORIEL_TRY(session.execute(
        "DELETE FROM alarm WHERE cleared_us IS NOT NULL AND id <= (SELECT MAX(id) FROM alarm) - $1",
        {options_.history_max}));
    return {};
  });
  {
    const std::lock_guard lock(mutex_);
    writing_ = false;
    if (!saved) {
      const auto again = [&](Entry& entry) {
        entry.dirty = entry.dirty || std::any_of(rows.begin(), rows.end(), [&](const Alarm& row) {
                        return row.id == entry.alarm.id;
                      });
      };
      for (auto& [key, entry] : active_) again(entry);
      for (auto& entry : over_) again(entry);
    } else {
      forget_old();
    }
  }
  written_.notify_all();
  if (!saved && !failing_)
    log::warn("rows of alarms cannot be written, they wait: {}", saved.error().message);
  failing_ = !saved;
  return saved.has_value();
}

// mutex_ held.
void AlarmBook::forget_old() {
  const UtcTime now = clock_.now();
  std::erase_if(over_, [&](const Entry& entry) {
    return !entry.dirty && now - *entry.alarm.cleared_at > options_.reopen_within;
  });
}

bool AlarmBook::flush(Duration deadline) {
  std::unique_lock lock(mutex_);
  const auto all_written = [&] {
    return !writing_ && std::none_of(over_.begin(), over_.end(), [](const Entry& entry) {
      return entry.dirty;
    }) && std::none_of(active_.begin(), active_.end(), [](const auto& item) {
      return item.second.dirty;
    });
  };
  return written_.wait_for(lock, std::chrono::microseconds(deadline.us), all_written);
}

}  // namespace oriel::notify

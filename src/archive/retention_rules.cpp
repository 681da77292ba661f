#include "archive/retention_rules.h"

#include <system_error>

#include <fmt/format.h>

#include "base/json.h"
#include "base/log.h"

namespace oriel::archive {
namespace {

Result<void> check_days(const std::optional<double>& days, std::string_view name) {
  if (!days || (*days >= kRuleDaysMin && *days <= kRuleDaysMax)) return {};
  return fail(ErrorKind::invalid, fmt::format("{}: expected {:.6f} (a second) to {} days", name,
                                              kRuleDaysMin, kRuleDaysMax));
}

Result<void> check_bytes(const std::optional<std::int64_t>& bytes, std::string_view name) {
  if (!bytes || *bytes > 0) return {};
  return fail(ErrorKind::invalid, fmt::format("{}: expected a number of bytes above 0", name));
}

template <class T>
void prefer(std::optional<T>& value, const std::optional<T>& other) {
  if (!value) value = other;
}

}  // namespace

Duration duration_of_days(double days) {
  return Duration{static_cast<std::int64_t>(days * 86'400e6)};
}

Result<void> check_rule(const RetentionRule& rule, bool of_feed) {
  ORIEL_TRY(check_days(rule.keep_days, "keep_days"));
  ORIEL_TRY(check_days(rule.key_frames_after_days, "key_frames_after_days"));
  ORIEL_TRY(check_days(rule.minute_frames_after_days, "minute_frames_after_days"));
  ORIEL_TRY(check_bytes(rule.feed_bytes_max, "feed_bytes_max"));
  ORIEL_TRY(check_bytes(rule.total_bytes_max, "total_bytes_max"));
  ORIEL_TRY(check_bytes(rule.free_bytes_min, "free_bytes_min"));
  const auto never = [&](const std::optional<double>& days) {
    return days && rule.keep_days && *days >= *rule.keep_days;
  };
  if (never(rule.key_frames_after_days))
    return fail(ErrorKind::invalid,
                "key_frames_after_days: must be less than keep_days, or it never comes");
  if (never(rule.minute_frames_after_days))
    return fail(ErrorKind::invalid,
                "minute_frames_after_days: must be less than keep_days, or it never comes");
  if (rule.key_frames_after_days && rule.minute_frames_after_days &&
      *rule.minute_frames_after_days <= *rule.key_frames_after_days)
    return fail(ErrorKind::invalid,
                "minute_frames_after_days: must be more than key_frames_after_days");
  if (of_feed && (rule.total_bytes_max || rule.free_bytes_min))
    return fail(ErrorKind::invalid,
                fmt::format("{}: is of the whole installation, not of one feed",
                            rule.total_bytes_max ? "total_bytes_max" : "free_bytes_min"));
  return {};
}

RetentionRule RetentionRules::of(const FeedId& feed) const {
  RetentionRule rule;
  if (const auto found = feeds.find(feed); found != feeds.end()) rule = found->second;
  prefer(rule.keep_days, installation.keep_days);
  prefer(rule.key_frames_after_days, installation.key_frames_after_days);
  prefer(rule.minute_frames_after_days, installation.minute_frames_after_days);
  prefer(rule.feed_bytes_max, installation.feed_bytes_max);
  rule.total_bytes_max = installation.total_bytes_max;
  rule.free_bytes_min = installation.free_bytes_min;
  return rule;
}

bool RetentionRules::empty() const {
  if (installation != RetentionRule{}) return false;
  for (const auto& [feed, rule] : feeds)
    if (rule != RetentionRule{}) return false;
  return true;
}

RuleBook::RuleBook(store::Database& database) : database_(database) {}

Result<void> RuleBook::load() {
  RetentionRules loaded;
  ORIEL_TRY(database_.read([&](store::Session& session) {
    return session.query("SELECT scope, rule FROM retention_rule", {}, [&](const store::Row& row) {
      std::error_code error;
      const auto value = json::parse(row.text(1), error);
      auto rule = from_json<RetentionRule>(value);
      if (error || !rule) {
        log::error("the stored rule of retention of \"{}\" cannot be read and is not in force",
                   row.text(0));
        return;
      }
      if (row.text(0).empty())
        loaded.installation = *rule;
      else
        loaded.feeds[FeedId(row.text(0))] = *rule;
    });
  }));
  const std::lock_guard lock(mutex_);
  stored_ = std::move(loaded);
  ++version_;
  return {};
}

void RuleBook::declare(RetentionRules declared) {
  const std::lock_guard lock(mutex_);
  declared_ = std::move(declared);
  ++version_;
}

RetentionRules RuleBook::rules() const {
  const std::lock_guard lock(mutex_);
  RetentionRules rules = stored_;
  if (declared_.installation != RetentionRule{}) rules.installation = declared_.installation;
  for (const auto& [feed, rule] : declared_.feeds) rules.feeds[feed] = rule;
  return rules;
}

std::vector<ScopedRule> RuleBook::list() const {
  const auto rules = this->rules();
  const std::lock_guard lock(mutex_);
  std::vector<ScopedRule> list;
  list.push_back({std::nullopt, rules.installation, declared_.installation != RetentionRule{}});
  for (const auto& [feed, rule] : rules.feeds)
    list.push_back({feed.str(), rule, declared_.feeds.contains(feed)});
  return list;
}

Result<void> RuleBook::set(const std::optional<FeedId>& feed, const RetentionRule& rule,
                           const std::string& who, UtcTime now) {
  ORIEL_TRY(check_rule(rule, feed.has_value()));
  {
    const std::lock_guard lock(mutex_);
    if (feed ? declared_.feeds.contains(*feed) : declared_.installation != RetentionRule{})
      return fail(ErrorKind::conflict,
                  "this rule is declared in the configuration file: change it "
                  "there");
  }
  const std::string scope = feed ? feed->str() : "";
  const bool gone = rule == RetentionRule{};
  ORIEL_TRY(database_.write_durable([&](store::Session& session) -> Result<void> {
    if (gone) {
      ORIEL_TRY(session.execute("DELETE FROM retention_rule WHERE scope = $1", {scope}));
      return {};
    }
    ORIEL_TRY(session.execute(
        "INSERT INTO retention_rule (scope, rule, made_by, made_us) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (scope) DO UPDATE SET rule = excluded.rule, made_by = excluded.made_by,"
        " made_us = excluded.made_us",
        {scope, json::serialize(to_json(rule)), who, now.us}));
    return {};
  }));
  log::info("retention: the rule of {} was {} by {}", feed ? "feed " + scope : "the installation",
            gone ? "taken away" : "set", who);
  const std::lock_guard lock(mutex_);
  if (!feed)
    stored_.installation = rule;
  else if (gone)
    stored_.feeds.erase(*feed);
  else
    stored_.feeds[*feed] = rule;
  ++version_;
  return {};
}

std::uint64_t RuleBook::version() const {
  const std::lock_guard lock(mutex_);
  return version_;
}

}  // namespace oriel::archive

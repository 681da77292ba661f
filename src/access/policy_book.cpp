#include "access/policy_book.h"

#include <algorithm>
#include <mutex>
#include <tuple>
#include <utility>

#include "base/log.h"

namespace oriel::access {

namespace {

// The same for what is not there and for what this viewer may not know of.
const Error& no_such_feed() {
  static const Error error{ErrorKind::not_found, "there is no such feed"};
  return error;
}

constexpr std::size_t kReasonBytesMax = 1000;

Withheld withheld_of(const store::Row& row) {
  Withheld withheld{row.integer(0), row.text(1), UtcTime{row.integer(2)}, std::nullopt,
                    row.text(4),    row.text(5), UtcTime{row.integer(6)}};
  if (!row.is_null(3)) withheld.end = UtcTime{row.integer(3)};
  return withheld;
}

bool before(const Withheld& a, const Withheld& b) {
  return std::pair(a.start, a.id) < std::pair(b.start, b.id);
}

Result<void> check(const WithholdRequest& request) {
  if (request.span.begin >= request.span.end)
    return fail(ErrorKind::invalid, "end: must be after start");
  if (request.reason.empty() || request.reason.size() > kReasonBytesMax)
    return fail(ErrorKind::invalid, "reason: expected 1 to 1000 bytes");
  return {};
}

}  // namespace

PolicyBook::PolicyBook(store::Database& database, const Clock& clock, PolicyJournal* journal)
    : database_(database), clock_(clock), journal_(journal) {}

void PolicyBook::rebuild(Feed& feed) {
  std::vector<UtcSpan> spans;
  spans.reserve(feed.withheld.size());
  for (const auto& item : feed.withheld) spans.push_back({item.start, item.end.value_or(kForever)});
  feed.spans = make_spans(std::move(spans));
}

Result<void> PolicyBook::load() {
  std::vector<Withheld> all;
  ORIEL_TRY(database_.read([&](store::Session& session) {
    return session.query(
        "SELECT id, feed, start_us, end_us, reason, made_by, made_us FROM withheld"
        " ORDER BY feed, start_us, id",
        {}, [&](const store::Row& row) { all.push_back(withheld_of(row)); });
  }));
  const std::scoped_lock lock(mutex_);
  for (auto& [id, feed] : feeds_) feed.withheld.clear();
  for (auto& item : all) {
    auto& feed = feeds_[FeedId(item.feed)];
    feed.withheld.push_back(std::move(item));
  }
  for (auto& [id, feed] : feeds_) rebuild(feed);
  changed();
  return {};
}

Result<void> PolicyBook::set_feed(const FeedId& feed, FeedPolicy policy) {
  if (policy.delay < Duration{}) return fail(ErrorKind::invalid, "delay_s: must not be negative");
  const std::scoped_lock lock(mutex_);
  if (!feeds_.contains(feed) && feeds_.size() >= kFeedsMax)
    return fail(ErrorKind::exhausted, "there are 20000 feeds already");
  feeds_[feed].policy = std::move(policy);
  changed();
  return {};
}

void PolicyBook::remove_feed(const FeedId& feed) {
  const std::scoped_lock lock(mutex_);
  const auto found = feeds_.find(feed);
  if (found == feeds_.end()) return;
  if (found->second.withheld.empty())
    feeds_.erase(found);
  else
    found->second.policy.reset();
  changed();
}

Result<void> PolicyBook::set_site(const SiteId& site, SitePlaces places) {
  const std::scoped_lock lock(mutex_);
  if (!sites_.contains(site) && sites_.size() >= kSitesMax)
    return fail(ErrorKind::exhausted, "there are 20000 sites already");
  sites_.insert_or_assign(site, std::move(places));
  changed();
  return {};
}

void PolicyBook::remove_site(const SiteId& site) {
  const std::scoped_lock lock(mutex_);
  sites_.erase(site);
  changed();
}

Result<View> PolicyBook::view(const FeedId& feed, const Identity& identity) const {
  const auto now = clock_.now();
  const std::shared_lock lock(mutex_);
  const auto found = feeds_.find(feed);
  if (found == feeds_.end() || !found->second.policy) return fail(no_such_feed());
  auto view = decide(*found->second.policy, found->second.spans, identity, now);
  if (!view.allowed) return fail(no_such_feed());
  return view;
}

Result<std::optional<Place>> PolicyBook::place(const SiteId& site, const Identity& identity) const {
  const bool insider = may(identity, Capability::see_private_feeds);
  const std::shared_lock lock(mutex_);
  const auto found = sites_.find(site);
  const bool known =
      found != sites_.end() && (insider || std::ranges::any_of(feeds_, [&](const auto& entry) {
                                  const auto& policy = entry.second.policy;
                                  return policy && policy->is_public && policy->site == site;
                                }));
  if (!known) return fail(ErrorKind::not_found, "there is no such site");
  return decide_place(found->second, identity);
}

Result<std::int64_t> PolicyBook::withhold(const WithholdRequest& request) {
  ORIEL_TRY(check(request));
  {
    const std::shared_lock lock(mutex_);
    const auto found = feeds_.find(request.feed);
    if (found == feeds_.end() || !found->second.policy) return fail(no_such_feed());
    if (found->second.withheld.size() >= kWithheldPerFeedMax)
      return fail(ErrorKind::exhausted, "the feed has 10000 withheld spans; release or join some");
  }
  Withheld item{0,           request.feed.str(), request.span.begin, std::nullopt, request.reason,
                request.who, clock_.now()};
  if (request.span.end != kForever) item.end = request.span.end;
  const store::Value end = item.end ? store::Value(item.end->us) : store::Value(nullptr);
  ORIEL_TRY(database_.write_durable([&](store::Session& session) {
    return session.query(
        "INSERT INTO withheld (feed, start_us, end_us, reason, made_by, made_us)"
        " VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
        {item.feed, item.start.us, end, item.reason, item.made_by, item.made_at.us},
        [&](const store::Row& row) { item.id = row.integer(0); });
  }));
  const auto id = item.id;
  if (journal_ != nullptr) {
    if (auto noted = journal_->note_withheld(item); !noted) {
      ORIEL_TRY(database_.write_durable([&](store::Session& session) -> Result<void> {
        ORIEL_TRY(session.execute("DELETE FROM withheld WHERE id = $1", {id}));
        return {};
      }));
      return fail(std::move(noted).error().within("nothing is withheld"));
    }
  }
  {
    const std::scoped_lock lock(mutex_);
    auto& feed = feeds_[request.feed];
    const auto place = std::ranges::upper_bound(feed.withheld, item, before);
    feed.withheld.insert(place, std::move(item));
    rebuild(feed);
    changed();
  }
  log::info("feed {}: a span from {} on is withheld by {}", request.feed.str(),
            format_rfc3339(request.span.begin), request.who);
  return id;
}

Result<void> PolicyBook::release(std::int64_t id) {
  std::int64_t removed = 0;
  ORIEL_TRY(database_.write_durable([&](store::Session& session) -> Result<void> {
    ORIEL_TRY_ASSIGN(removed, session.execute("DELETE FROM withheld WHERE id = $1", {id}));
    return {};
  }));
  if (removed == 0) return fail(ErrorKind::not_found, "there is no such withheld span");
  if (journal_ != nullptr)
    if (auto noted = journal_->note_released(id); !noted)
      log::warn("a withheld span is released, and not every volume knows: {}",
                noted.error().message);
  const std::scoped_lock lock(mutex_);
  for (auto& [name, feed] : feeds_) {
    if (std::erase_if(feed.withheld, [&](const Withheld& item) { return item.id == id; }) > 0)
      rebuild(feed);
  }
  changed();
  return {};
}

std::vector<Withheld> PolicyBook::list_withheld(const std::optional<FeedId>& feed) const {
  std::vector<Withheld> all;
  {
    const std::shared_lock lock(mutex_);
    for (const auto& [name, entry] : feeds_)
      if (!feed || name == *feed)
        all.insert(all.end(), entry.withheld.begin(), entry.withheld.end());
  }
  std::ranges::sort(all, {},
                    [](const Withheld& item) { return std::tie(item.feed, item.start, item.id); });
  return all;
}

}  // namespace oriel::access

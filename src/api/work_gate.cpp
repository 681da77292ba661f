#include "api/work_gate.h"

#include <algorithm>

namespace oriel::api {

namespace {

using access::Capability;
using commons::WorkState;

// A file that so many Works hold is looked at no further; what follows counts as hidden.
constexpr std::int64_t kHoldersMax = 100;

bool overlaps(const access::Withheld& withheld, const commons::MomentOf& moment) {
  const UtcSpan span{moment.start, std::max(moment.end, moment.start + Duration{1})};
  return span.overlaps({withheld.start, withheld.end.value_or(access::kForever)});
}

}  // namespace

WorkSight sight_of(const commons::Work& work, const access::Identity& identity) {
  if (work.state == WorkState::deleted)
    return work.published_at ? WorkSight::gone : WorkSight::none;
  if (work.state == WorkState::published) return WorkSight::full;
  if (access::may(identity, Capability::make_works)) return WorkSight::full;
  if (access::may(identity, Capability::contribute_works) && work.made_by == identity.name)
    return WorkSight::full;
  return work.published_at ? WorkSight::gone : WorkSight::none;
}

bool may_change(const commons::Work& work, const access::Identity& identity) {
  if (access::may(identity, Capability::make_works)) return true;
  return access::may(identity, Capability::contribute_works) && work.made_by == identity.name &&
         work.state == WorkState::draft;
}

namespace {

bool is_withheld_moment(const Services& services, const commons::MomentOf& moment) {
  const auto withheld = services.policies.list_withheld(FeedId(moment.feed));
  return std::any_of(withheld.begin(), withheld.end(),
                     [&](const auto& span) { return overlaps(span, moment); });
}

}  // namespace

Result<bool> is_withheld(const Services& services, const commons::Work& work,
                         const access::Identity& identity) {
  if (access::may(identity, Capability::watch_withheld)) return false;
  if (!work.moment && work.derived_from.empty()) return false;
  ORIEL_TRY_ASSIGN(const auto moments,
                   services.commons.catalogue.list_moments(commons::WorkId(work.id)));
  return std::any_of(moments.begin(), moments.end(), [&](const commons::MomentOf& moment) {
    return is_withheld_moment(services, moment);
  });
}

Result<FileSight> sight_of_file(const Services& services, const std::string& sha256,
                                const access::Identity& identity) {
  ORIEL_TRY_ASSIGN(const auto holders, services.commons.catalogue.list_naming(
                                           commons::Relation::file, sha256, {"", kHoldersMax}));
  FileSight sight;
  if (holders.items.empty()) {
    sight.allowed = access::may(identity, Capability::contribute_works);
    return sight;
  }
  const access::Identity visitor;
  bool hidden = false;
  for (const auto& id : holders.items) {
    ORIEL_TRY_ASSIGN(const auto work, services.commons.catalogue.load_work(commons::WorkId(id)));
    ORIEL_TRY_ASSIGN(const bool withheld, is_withheld(services, work, identity));
    if (withheld) {
      if (work.published_at || (work.moment && is_withheld_moment(services, *work.moment)))
        return FileSight{};
      continue;  // what a draft says that it was made of hides nothing from others
    }
    ORIEL_TRY_ASSIGN(const bool from_public, is_withheld(services, work, visitor));
    hidden |= from_public;
    sight.allowed |= sight_of(work, identity) == WorkSight::full;
    sight.is_public |= sight_of(work, visitor) == WorkSight::full;
  }
  sight.is_public &= !hidden;
  return sight;
}

Result<void> check_claims(const Services& services, const access::Identity& identity,
                          const commons::Work* old, commons::WorkContent& content) {
  if (!access::may(identity, Capability::watch_withheld)) {
    if (old != nullptr)
      content.moment = old->moment;
    else if (content.moment && !access::may(identity, Capability::make_works))
      return fail(ErrorKind::denied, "moment: a Work of a moment is cut out of the window");
  }
  for (std::size_t i = 0; i < content.files.size(); ++i) {
    const auto& sha256 = content.files[i].sha256;
    const bool known = old != nullptr && std::any_of(old->files.begin(), old->files.end(),
                                                     [&](const commons::HeldFile& held) {
                                                       return held.sha256 == sha256;
                                                     });
    if (known) continue;
    ORIEL_TRY_ASSIGN(const auto sight, sight_of_file(services, sha256, identity));
    if (!sight.allowed)
      return fail(ErrorKind::invalid, "files[" + std::to_string(i) + "]: there is no such file");
  }
  return {};
}

Result<void> check_room(const Services& services, const access::Identity& identity,
                        std::int64_t bytes) {
  if (access::may(identity, Capability::make_works)) return {};
  return services.commons.shelf.check_room(identity.name, bytes);
}

Result<void> check_drafts(const Services& services, const access::Identity& identity) {
  if (access::may(identity, Capability::make_works)) return {};
  ORIEL_TRY_ASSIGN(const auto drafts, services.commons.catalogue.count_unpublished(identity.name));
  if (drafts < kDraftsMax) return {};
  return fail(ErrorKind::denied,
              "you have " + std::to_string(drafts) +
                  " Works that are not published: wait for a curator, or delete some");
}

Result<void> check_versions(const commons::Work& work, const access::Identity& identity) {
  if (work.version < kVersionsMax || access::may(identity, Capability::make_works)) return {};
  return fail(ErrorKind::denied,
              "this draft was changed " + std::to_string(work.version) + " times: hand it in");
}

Result<MomentsAsked> ask_moments(const Services& services, const commons::Work& work) {
  MomentsAsked asked;
  if (!work.moment && work.derived_from.empty()) return asked;
  ORIEL_TRY_ASSIGN(const auto moments,
                   services.commons.catalogue.list_moments(commons::WorkId(work.id)));
  for (const auto& moment : moments) {
    const auto feed = services.feeds.find(FeedId(moment.feed));
    const auto settings = feed ? feed->settings() : nullptr;
    if (!settings || !settings->is_public) {
      asked.private_feeds.push_back(moment.feed);
      continue;
    }
    const auto seen_at = moment.end + Duration::from_s(settings->delay_s);
    if (seen_at > services.clock.now()) {
      return fail(ErrorKind::conflict, "the public sees " + moment.feed + " with a delay of " +
                                           std::to_string(settings->delay_s) +
                                           " s: this can be published from " +
                                           format_rfc3339(seen_at) + " on");
    }
  }
  auto& feeds = asked.private_feeds;
  std::sort(feeds.begin(), feeds.end());
  feeds.erase(std::unique(feeds.begin(), feeds.end()), feeds.end());
  return asked;
}

}  // namespace oriel::api

// Strong identifiers. A FeedId cannot be passed where a SiteId is meant.
#pragma once
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace oriel {

// A name given by a person in the configuration or the API: 1 to 64 of [a-z0-9._-], not starting
// with '.' or '-', so that it is safe in URLs, file names and metrics.
template <class Tag>
class Slug {
 public:
  Slug() = default;
  explicit Slug(std::string value) : value_(std::move(value)) {}
  const std::string& str() const { return value_; }
  auto operator<=>(const Slug&) const = default;

 private:
  std::string value_;
};

using SectorId = Slug<struct SectorTag>;
using SiteId = Slug<struct SiteTag>;
using FeedId = Slug<struct FeedTag>;
using VolumeId = Slug<struct VolumeTag>;

// Checks the rule above; the error is `invalid` and says what is wrong.
Result<std::string> parse_slug(std::string_view text);

// A number given by the database.
template <class Tag>
struct RowId {
  std::int64_t value = 0;
  auto operator<=>(const RowId&) const = default;
};

using RecordingId = RowId<struct RecordingTag>;
using RunId = RowId<struct RunTag>;
using UserId = RowId<struct UserTag>;

}  // namespace oriel

template <class Tag>
struct std::hash<oriel::Slug<Tag>> {
  std::size_t operator()(const oriel::Slug<Tag>& id) const noexcept {
    return std::hash<std::string>{}(id.str());
  }
};
template <class Tag>
struct std::hash<oriel::RowId<Tag>> {
  std::size_t operator()(const oriel::RowId<Tag>& id) const noexcept {
    return std::hash<std::int64_t>{}(id.value);
  }
};

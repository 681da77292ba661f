#include "imprint/source.h"

#include <algorithm>

namespace oriel::imprint {

Result<Bytes> Look::up_to(std::uint64_t offset, std::uint64_t count) {
  if (offset >= bytes()) return Bytes{};
  count = std::min(count, bytes() - offset);
  if (++reads_ > kReadsMax || count > kBytesMax - bytes_read_)
    return fail(ErrorKind::unsupported, "there is too much in it to look through");
  bytes_read_ += count;
  Bytes into(static_cast<std::size_t>(count));
  ORIEL_TRY_ASSIGN(const auto got, source_.read(offset, into));
  into.resize(std::min(got, into.size()));
  return into;
}

Result<Bytes> Look::at(std::uint64_t offset, std::uint64_t count) {
  if (offset > bytes() || count > bytes() - offset)
    return fail(ErrorKind::data_loss, "it is cut short");
  ORIEL_TRY_ASSIGN(auto into, up_to(offset, count));
  if (into.size() != count) return fail(ErrorKind::data_loss, "it is cut short");
  return into;
}

Result<std::vector<Piece>> pieces_of(Changes changes, std::uint64_t original_bytes) {
  std::stable_sort(changes.begin(), changes.end(),
                   [](const Change& a, const Change& b) { return a.offset < b.offset; });
  std::vector<Piece> pieces;
  std::uint64_t at = 0;
  const auto keep_to = [&](std::uint64_t end) {
    if (end > at) pieces.push_back({{}, at, end - at});
    at = end;
  };
  for (auto& change : changes) {
    if (change.offset < at || change.offset > original_bytes ||
        change.removed > original_bytes - change.offset)
      return fail(ErrorKind::data_loss, "what is to be changed in it overlaps");
    keep_to(change.offset);
    at += change.removed;
    const std::uint64_t bytes = change.bytes.size();
    if (bytes > 0) pieces.push_back({std::move(change.bytes), 0, bytes});
  }
  keep_to(original_bytes);
  return pieces;
}

}  // namespace oriel::imprint

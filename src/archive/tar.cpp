#include "archive/tar.h"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <optional>

#include <fmt/format.h>

namespace oriel::archive {
namespace {

constexpr std::size_t kNameBytes = 100;
constexpr std::size_t kSizeAt = 124;
constexpr std::size_t kTimeAt = 136;
constexpr std::size_t kNumberBytes = 12;
constexpr std::size_t kChecksumAt = 148;
constexpr std::size_t kChecksumBytes = 8;
constexpr std::size_t kTypeAt = 156;
constexpr std::size_t kMagicAt = 257;
constexpr std::string_view kMagic = "ustar";
constexpr std::size_t kPrefixAt = 345;
constexpr std::size_t kPrefixBytes = 155;

void put(Bytes& header, std::size_t at, std::string_view text) {
  std::copy(text.begin(), text.end(), header.begin() + static_cast<std::ptrdiff_t>(at));
}

std::uint32_t checksum_of(ByteView header) {
  const auto fields = header.subspan(kChecksumAt, kChecksumBytes);
  const std::uint32_t sum = std::accumulate(header.begin(), header.end(), std::uint32_t{0});
  const std::uint32_t own = std::accumulate(fields.begin(), fields.end(), std::uint32_t{0});
  return sum - own + kChecksumBytes * ' ';
}

// Up to the first zero.
std::string_view text_of(ByteView field) {
  const auto text = as_text(field);
  return text.substr(0, text.find('\0'));
}

std::optional<std::uint64_t> octal(ByteView field) {
  auto text = text_of(field);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 8);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_plain(std::string_view name) {
  if (name.empty() || name.front() == '/' || name.find('\\') != std::string_view::npos)
    return false;
  for (std::size_t at = 0; at <= name.size();) {
    const auto end = std::min(name.find('/', at), name.size());
    if (name.substr(at, end - at) == "..") return false;
    at = end + 1;
  }
  return true;
}

std::string name_of(ByteView header) {
  std::string name(text_of(header.first(kNameBytes)));
  const auto prefix = text_of(header.subspan(kPrefixAt, kPrefixBytes));
  if (!prefix.empty()) name = std::string(prefix) + "/" + name;
  if (name.starts_with("./")) name.erase(0, 2);
  return name;
}

}  // namespace

Bytes format_tar_header(std::string_view name, std::uint64_t bytes, UtcTime modified) {
  ORIEL_CHECK(name.size() <= kNameBytes && bytes <= kTarFileBytesMax);
  Bytes header(kTarBlockBytes);
  put(header, 0, name);
  put(header, kNameBytes, fmt::format("{:07o}", 0644));
  put(header, kNameBytes + 8, fmt::format("{:07o}", 0));
  put(header, kNameBytes + 16, fmt::format("{:07o}", 0));
  put(header, kSizeAt, fmt::format("{:011o}", bytes));
  const std::int64_t seconds = std::clamp<std::int64_t>(modified.ms() / 1000, 0, kTarFileBytesMax);
  put(header, kTimeAt, fmt::format("{:011o}", seconds));
  header[kTypeAt] = '0';
  put(header, kMagicAt, kMagic);
  put(header, kMagicAt + kMagic.size() + 1, "00");
  put(header, kChecksumAt, fmt::format("{:06o}", checksum_of(header)));
  header[kChecksumAt + 7] = ' ';
  return header;
}

std::size_t tar_padding(std::uint64_t bytes) {
  return static_cast<std::size_t>((kTarBlockBytes - bytes % kTarBlockBytes) % kTarBlockBytes);
}

Result<std::vector<TarEntry>> read_tar(const File& file) {
  ORIEL_TRY_ASSIGN(const auto size, file.size());
  std::vector<TarEntry> entries;
  Bytes header(kTarBlockBytes);
  std::size_t blocks = 0;
  for (std::uint64_t at = 0; at < size;) {
    ORIEL_TRY_ASSIGN(const auto count, file.read(at, header));
    if (count < kTarBlockBytes) return fail(ErrorKind::invalid, "the tar file is torn");
    at += kTarBlockBytes;
    if (std::all_of(header.begin(), header.end(), [](auto byte) { return byte == 0; }))
      return entries;
    const ByteView view = header;
    const auto bytes = octal(view.subspan(kSizeAt, kNumberBytes));
    const bool ours = text_of(view.subspan(kMagicAt, kMagic.size() + 1)).starts_with(kMagic);
    if (!ours || octal(view.subspan(kChecksumAt, kChecksumBytes)) != checksum_of(view) || !bytes)
      return fail(ErrorKind::invalid, "it is no tar file, or a header in it is damaged");
    if (++blocks > kTarEntriesMax) return fail(ErrorKind::exhausted, "too many files in it");
    const char type = static_cast<char>(header[kTypeAt]);
    TarEntry entry{name_of(view), at, *bytes};
    if (entry.bytes > size - at) return fail(ErrorKind::invalid, "the tar file is torn");
    at += entry.bytes + std::min<std::uint64_t>(tar_padding(entry.bytes), size - at - entry.bytes);
    if (type == '5' || type == 'x' || type == 'g') continue;
    if ((type != '0' && type != '\0') || !is_plain(entry.name))
      return fail(ErrorKind::invalid, "it holds a link, or a name that no proof has");
    entries.push_back(std::move(entry));
  }
  return fail(ErrorKind::invalid, "the tar file is torn");
}

}  // namespace oriel::archive

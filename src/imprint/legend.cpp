#include "imprint/legend.h"

namespace oriel::imprint {
namespace {

constexpr std::size_t kTitleBytesMax = 500;
constexpr std::size_t kTitlesMax = 12;
constexpr std::size_t kMakersMax = 40;
constexpr std::size_t kMakerBytesMax = 120;
constexpr std::size_t kCreditBytesMax = 1'500;
constexpr std::size_t kAddressBytesMax = 1'000;
// Of all credits and all sources: a JPEG has room for 64 KB, half of it for what was there.
constexpr std::size_t kLinesBytesMax = 8'000;

std::string cut(std::string_view text, std::size_t bytes_max) {
  std::string line;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte == 0x7f) continue;
    line += byte < 0x20 ? ' ' : c;
  }
  if (line.size() <= bytes_max) return line;
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xc0U) == 0x80) --end;
  line.resize(end);
  return line + "…";
}

void cut_lines(std::vector<std::string>& lines, std::size_t bytes_max) {
  std::size_t bytes = 0;
  std::size_t kept = 0;
  for (auto& line : lines) {
    line = cut(line, kCreditBytesMax);
    bytes += line.size();
    if (bytes > bytes_max) break;
    ++kept;
  }
  lines.resize(kept);
}

}  // namespace

Legend bounded(Legend legend) {
  legend.title = cut(legend.title, kTitleBytesMax);
  while (legend.titles.size() > kTitlesMax) legend.titles.erase(std::prev(legend.titles.end()));
  for (auto& title : legend.titles) title.second = cut(title.second, kTitleBytesMax);
  if (legend.makers.size() > kMakersMax) legend.makers.resize(kMakersMax);
  for (auto& maker : legend.makers) maker = cut(maker, kMakerBytesMax);
  legend.credit = cut(legend.credit, kCreditBytesMax);
  legend.licence = cut(legend.licence, kTitleBytesMax);
  legend.licence_uri = cut(legend.licence_uri, kAddressBytesMax);
  legend.address = cut(legend.address, kAddressBytesMax);
  cut_lines(legend.credits, kLinesBytesMax);
  cut_lines(legend.sources, kLinesBytesMax);
  return legend;
}

Legend shortened(Legend legend) {
  constexpr std::size_t kMakersKept = 5;
  legend.titles.clear();
  legend.sources.clear();
  legend.credits.clear();
  if (legend.makers.size() > kMakersKept) legend.makers.resize(kMakersKept);
  return legend;
}

std::string all_credits(const Legend& legend) {
  std::string all;
  for (const auto& line : legend.credits) all += (all.empty() ? "" : "\n") + line;
  return all.empty() ? legend.credit : all;
}

std::string all_makers(const Legend& legend) {
  std::string all;
  for (const auto& maker : legend.makers) all += (all.empty() ? "" : ", ") + maker;
  return all;
}

}  // namespace oriel::imprint

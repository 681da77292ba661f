#include "archive/seal.h"

#include <algorithm>
#include <optional>

#include <boost/describe/enum_to_string.hpp>
#include <fmt/format.h>

#include "archive/text_lines.h"
#include "base/hex.h"

namespace oriel::archive {
namespace {

std::string_view name_of(media::Rendition rendition) {
  return boost::describe::enum_to_string(rendition, "main");
}

std::string format_entry(const FeedId& feed, const SealEntry& entry) {
  auto line = fmt::format("{} {} {} {} {} {} ", boost::describe::enum_to_string(entry.as, ""),
                          entry.recording.value, feed.str(), name_of(entry.rendition),
                          entry.start.us, entry.end.us);
  if (entry.as == SealedAs::recorded)
    line += fmt::format("{} {}\n", entry.bytes, format_hex(entry.sha256));
  else
    line += fmt::format("{}\n", entry.replaced_by.value);
  return line;
}

Result<SealHead> parse_head(Lines& lines) {
  SealHead head;
  if (lines.next() != "oriel-seal 1") return lines.wrong("this is no seal of Oriel");
  ORIEL_TRY_ASSIGN(const auto feed, lines.value_of("feed"));
  ORIEL_TRY_ASSIGN(auto slug, parse_slug(feed));
  head.feed = FeedId(std::move(slug));
  ORIEL_TRY_ASSIGN(const auto number, lines.value_of("number"));
  Words number_words(number);
  head.number = number_words.number<std::int64_t>();
  ORIEL_TRY_ASSIGN(const auto day_text, lines.value_of("day"));
  const auto day = parse_date(day_text);
  if (!number_words.good() || head.number < 1 || !day) return lines.wrong("number or day is wrong");
  head.day = *day;
  ORIEL_TRY_ASSIGN(const auto made, lines.value_of("made"));
  ORIEL_TRY_ASSIGN(head.made, parse_rfc3339(made));
  ORIEL_TRY_ASSIGN(const auto previous, lines.value_of("previous"));
  ORIEL_TRY_ASSIGN(const auto entries, lines.value_of("entries"));
  ORIEL_TRY_ASSIGN(const auto last, lines.value_of("head"));
  ORIEL_TRY_ASSIGN(const auto key, lines.value_of("key"));
  ORIEL_TRY_ASSIGN(const auto signature, lines.value_of("signature"));
  Words entries_words(entries);
  head.entries = entries_words.number<std::uint64_t>();
  const auto previous_digest = parse_sha256(previous);
  const auto last_digest = parse_sha256(last);
  const auto key_bytes = parse_sha256(key);
  const auto signature_bytes = parse_hex(signature);
  if (!entries_words.good() || !previous_digest || !last_digest || !key_bytes || !signature_bytes ||
      signature_bytes->size() != head.signature.size())
    return lines.wrong("previous, entries, head, key or signature is wrong");
  head.previous = *previous_digest;
  head.head = *last_digest;
  head.key.bytes = *key_bytes;
  std::copy(signature_bytes->begin(), signature_bytes->end(), head.signature.begin());
  return head;
}

std::optional<SealEntry> parse_entry(const FeedId& feed, std::string_view line) {
  Words words(line);
  SealEntry entry;
  entry.as = words.named<SealedAs>();
  entry.recording = RecordingId{words.number<std::int64_t>()};
  const bool same_feed = words.next() == feed.str();
  entry.rendition = words.named<media::Rendition>();
  entry.start = UtcTime{words.number<std::int64_t>()};
  entry.end = UtcTime{words.number<std::int64_t>()};
  if (entry.as == SealedAs::recorded) {
    entry.bytes = words.number<std::uint64_t>();
    entry.sha256 = words.digest();
  } else {
    entry.replaced_by = RecordingId{words.number<std::int64_t>()};
  }
  if (!same_feed || !words.good()) return std::nullopt;
  return entry;
}

}  // namespace

std::string format_statement(const SealHead& head) {
  return fmt::format(
      "oriel-seal 1\nfeed {}\nnumber {}\nday {}\nmade {}\nprevious {}\nentries {}\nhead {}\n"
      "key {}\n",
      head.feed.str(), head.number, format_date(head.day), format_rfc3339(head.made),
      format_hex(head.previous), head.entries, format_hex(head.head), head.key.hex());
}

std::string format_seal(const Seal& seal) {
  std::string text = format_statement(seal.head);
  text += "signature " + format_hex(seal.head.signature) + "\n";
  for (const auto& entry : seal.entries) text += format_entry(seal.head.feed, entry);
  return text;
}

Result<Seal> parse_seal(std::string_view text) {
  if (text.size() > kSealBytesMax) return fail(ErrorKind::invalid, "the seal is too large");
  Lines lines(text);
  Seal seal;
  ORIEL_TRY_ASSIGN(seal.head, parse_head(lines));
  while (!lines.at_end()) {
    const auto line = lines.next();
    if (!line) return lines.wrong("the last line is torn");
    auto entry = parse_entry(seal.head.feed, *line);
    if (!entry || seal.entries.size() == kSealEntriesMax)
      return lines.wrong("the entry is not in canonical form");
    seal.entries.push_back(*entry);
  }
  // One text for one seal: leading zeros, other spellings of a time and the like are refused.
  if (format_seal(seal) != text)
    return fail(ErrorKind::invalid, "the seal is not in canonical form");
  return seal;
}

Sha256Digest chain_head(const FeedId& feed, const Sha256Digest& previous,
                        const std::vector<SealEntry>& entries) {
  Sha256Digest link = previous;
  for (const auto& entry : entries)
    link = sha256(as_bytes(format_hex(link) + "\n" + format_entry(feed, entry)));
  return link;
}

Seal make_seal(SealHead head, std::vector<SealEntry> entries, const SigningKey& key) {
  head.made = UtcTime::from_ms(head.made.ms());
  head.entries = entries.size();
  head.head = chain_head(head.feed, head.previous, entries);
  head.key = key.public_key();
  head.signature = key.sign(as_bytes(format_statement(head)));
  return {std::move(head), std::move(entries)};
}

Result<void> check_statement(const SealHead& head) {
  if (verify_signature(head.key, as_bytes(format_statement(head)), head.signature)) return {};
  return fail(ErrorKind::data_loss,
              fmt::format("seal {} of feed {}: the signature is not of key {}", head.number,
                          head.feed.str(), head.key.hex()));
}

Result<void> check_seal(const Seal& seal) {
  const auto& head = seal.head;
  ORIEL_TRY(check_statement(head));
  if (head.entries != seal.entries.size() ||
      chain_head(head.feed, head.previous, seal.entries) != head.head)
    return fail(ErrorKind::data_loss,
                fmt::format("seal {} of feed {}: its entries are not those that were signed: one "
                            "was changed, swapped, added or taken out",
                            head.number, head.feed.str()));
  return {};
}

}  // namespace oriel::archive

#include "app/inspect_command.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>

#include <fmt/format.h>
#include <sodium.h>

#include "archive/file_check.h"
#include "archive/file_names.h"
#include "archive/file_system.h"
#include "archive/journal.h"
#include "archive/recovery.h"
#include "archive/seal.h"
#include "archive/segment_sums.h"
#include "base/hex.h"
#include "base/sha256.h"

namespace oriel::app {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{1} << 20;
constexpr std::size_t kJournalBytesMax = std::size_t{512} << 20;
constexpr Duration kDay = Duration::from_s(86'400);

// What the volume around the file says of it.
struct Told {
  std::optional<archive::SealEntry> sealed;
  std::string seal;  // its file name
  bool signed_well = false;
  std::optional<archive::JournalEntry> began;
  std::optional<archive::JournalEntry> ended;
  bool deleted = false;
};

struct Content {
  std::uint64_t bytes = 0;
  Sha256Digest sha256{};
  Bytes first;                   // a few
  std::uint64_t zeros_from = 0;  // from here to the end there are only zeros
};

Result<Content> read_all(const archive::File& file) {
  Content content;
  Sha256 hash;
  Bytes block(kBlockBytes);
  for (;;) {
    ORIEL_TRY_ASSIGN(const auto count, file.read(content.bytes, block));
    if (count == 0) break;
    const auto piece = ByteView(block).first(count);
    hash.update(piece);
    if (content.bytes == 0)
      content.first.assign(piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(
                                                              std::min<std::size_t>(count, 16)));
    const auto last = std::find_if(piece.rbegin(), piece.rend(), [](auto b) { return b != 0; });
    if (last != piece.rend())
      content.zeros_from = content.bytes + static_cast<std::uint64_t>(piece.rend() - last);
    content.bytes += count;
  }
  content.sha256 = hash.finish();
  return content;
}

// In a word, for who wonders what he has before him.
std::string_view kind_of(const Content& content) {
  struct Kind {
    std::string_view begins;
    std::string_view name;
  };
  static constexpr std::array kKinds = {
      Kind{"\xff\xd8\xff", "a JPEG picture"}, Kind{"\x89PNG", "a PNG picture"},
      Kind{"oriel-seal ", "a seal"},          Kind{"oriel-proof ", "the text of a proof"},
      Kind{"SQLite format", "a database"},    Kind{"{\"", "JSON, such as a journal"},
      Kind{"RIFF", "a RIFF file (AVI, WAV)"}, Kind{"\x1a\x45\xdf\xa3", "a Matroska or WebM file"}};
  if (content.bytes == 0) return "empty";
  if (content.zeros_from == 0) return "nothing but zeros, as a disk that failed leaves them";
  const auto text = as_text(content.first);
  for (const auto& kind : kKinds)
    if (text.starts_with(kind.begins)) return kind.name;
  if (text.size() >= 8 && text.substr(4, 4) == "ftyp")
    return "an MP4 file that Oriel did not write";
  return "of a kind that is not known here";
}

// The volume's folder and the path in it, where the file lies as Oriel files recordings.
struct Filed {
  std::filesystem::path volume;
  archive::RecordingPath path;
};
std::optional<Filed> filed_as(const std::string& path) {
  std::error_code error;
  const auto whole = std::filesystem::absolute(path, error).lexically_normal();
  auto volume = whole;
  constexpr int kLevels = 5;  // feed, year, month, day, name
  for (int i = 0; i < kLevels; ++i) volume = volume.parent_path();
  const auto parsed =
      archive::parse_recording_path(whole.lexically_relative(volume).generic_string());
  if (!parsed) return std::nullopt;
  return Filed{std::move(volume), *parsed};
}

void look_at_seals(archive::FileSystem& files, const Filed& filed, Told& told) {
  const auto folder = (filed.volume / archive::seal_folder(filed.path.feed)).string();
  const auto entries = files.list(folder);
  if (!entries) return;
  for (const auto& entry : *entries) {
    const auto name = archive::parse_seal_file_name(entry.name);
    if (!name || name->day != filed.path.day) continue;
    const auto bytes =
        archive::read_small_file(files, folder + "/" + entry.name, archive::kSealBytesMax);
    if (!bytes) continue;
    const auto seal = archive::parse_seal(as_text(*bytes));
    if (!seal) {
      fmt::print("seal       {} cannot be read: {}\n", entry.name, seal.error().message);
      continue;
    }
    for (const auto& listed : seal->entries) {
      if (listed.as != archive::SealedAs::recorded || listed.recording != filed.path.file.id)
        continue;
      told.sealed = listed;
      told.seal = entry.name;
      told.signed_well = archive::check_seal(*seal).has_value();
    }
  }
}

void look_at_journal(archive::FileSystem& files, const Filed& filed, Told& told) {
  const auto begin = archive::begin_of(filed.path.day);
  for (const auto at : {begin, begin + kDay}) {
    const auto bytes = archive::read_small_file(
        files, (filed.volume / archive::journal_file(archive::day_of(at))).string(),
        kJournalBytesMax);
    if (!bytes) continue;
    auto rest = as_text(*bytes);
    const auto wanted = fmt::format("\"recording\":{}", filed.path.file.id.value);
    while (!rest.empty()) {
      const auto line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(rest.size(), line.size() + 1));
      if (line.find(wanted) == std::string_view::npos) continue;
      const auto entry = archive::parse_journal_line(line);
      if (!entry || entry->recording != filed.path.file.id.value) continue;
      using archive::JournalKind;
      if (entry->kind == JournalKind::recording_began) told.began = *entry;
      if (entry->kind == JournalKind::recording_ended ||
          entry->kind == JournalKind::recording_hashed)
        told.ended = *entry;
      if (entry->kind == JournalKind::recording_deleted) told.deleted = true;
    }
  }
}

// Which seconds are damaged, as far as the journal's sums tell.
void say_where(const archive::File& file, const Filed& filed, const Told& told, UtcTime start) {
  if (!told.ended || !told.ended->index || !told.ended->bytes || !told.ended->end_us) return;
  const auto index = parse_hex(*told.ended->index);
  if (!index) return;
  archive::ExpectedFile expected;
  expected.row.id = filed.path.file.id;
  expected.row.feed = filed.path.feed;
  expected.row.start = start;
  expected.row.end = UtcTime{*told.ended->end_us};
  expected.row.bytes = static_cast<std::uint64_t>(*told.ended->bytes);
  expected.row.segment_index = *index;
  if (told.ended->sha256) expected.sha256 = parse_sha256(*told.ended->sha256);
  if (told.ended->sums) expected.sums = archive::parse_sums(*told.ended->sums);
  archive::Pace pace(0);
  const auto checked = archive::check_file(file, expected, pace);
  if (!checked || checked->whole()) return;
  fmt::print("           {}\n", checked->what);
  for (const auto& span : checked->damaged)
    fmt::print("unreadable {} to {}\n", format_rfc3339(span.begin), format_rfc3339(span.end));
}

// Whether the bytes are those that were written; absent: nobody says.
std::optional<bool> say_told(const Told& told, const Content& content) {
  std::optional<bool> same;
  if (told.ended && told.ended->sha256) {
    same = parse_sha256(*told.ended->sha256) == content.sha256;
    fmt::print("journal    {}\n",
               *same ? "has this hash of it" : "has another hash of it: " + *told.ended->sha256);
  }
  if (told.deleted) fmt::print("journal    says that it was deleted\n");
  if (!told.sealed) {
    fmt::print("seal       none lists it: its day is sealed soon after it is over (UTC)\n");
    return same;
  }
  same = told.sealed->sha256 == content.sha256 && told.sealed->bytes == content.bytes;
  if (!told.signed_well)
    fmt::print("seal       {} lists it, and is itself not what was signed\n", told.seal);
  else if (*same)
    fmt::print("seal       {} lists it with this hash, and its signature holds\n", told.seal);
  else
    fmt::print("seal       {} lists it with {} bytes and another hash: {}\n", told.seal,
               told.sealed->bytes, format_hex(told.sealed->sha256));
  return same;
}

int say_what_it_is(const Content& content, const Error& why, const std::optional<Filed>& filed,
                   const Told& told) {
  fmt::print("state      no recording that can be opened: {}\n", why.message);
  fmt::print("           what is here is {}\n", kind_of(content));
  if (told.sealed || told.ended) {
    say_told(told, content);
    fmt::print(
        "           it was a recording once: `oriel archive verify --copy-from FOLDER` "
        "repairs it from a copy\n");
  } else if (filed) {
    fmt::print("           nothing on its volume tells of a recording of this number\n");
  }
  return 2;
}

int inspect(archive::FileSystem& files, const std::string& path) {
  const auto file = files.open(path, archive::OpenMode::read);
  const auto content = file ? read_all(**file) : Result<Content>(fail(file.error()));
  if (!content) {
    fmt::print(stderr, "oriel: {}\n", content.error().message);
    return 2;
  }
  Told told;
  const auto filed = filed_as(path);
  if (filed) {
    look_at_seals(files, *filed, told);
    look_at_journal(files, *filed, told);
  }
  const auto name = archive::parse_recording_file_name(path.substr(path.rfind('/') + 1));
  if (name)
    fmt::print("recording  {}, {}\n", name->id.value,
               boost::describe::enum_to_string(name->rendition, "?"));
  if (filed) fmt::print("feed       {}\n", filed->path.feed.str());
  fmt::print("bytes      {}\nsha256     {}\n", content->bytes, format_hex(content->sha256));
  const auto scanned = archive::scan_recording(**file);
  if (!scanned || scanned->parts == 0)
    return say_what_it_is(
        *content, scanned ? Error{ErrorKind::data_loss, "no whole part is in it"} : scanned.error(),
        filed, told);
  const Duration length = ticks_to_duration(scanned->duration_90k);
  auto start = scanned->start;
  if (told.began && told.began->start_us) start = UtcTime{*told.began->start_us};
  fmt::print("start      {}\n", format_rfc3339(start));
  fmt::print("end        {}\n", format_rfc3339(start + length));
  fmt::print("length     {:.3f} s of {} in {} parts, {} segments\n", length.seconds(),
             scanned->video ? "video" : "sound", scanned->parts, scanned->segments.size());
  const auto same = say_told(told, *content);
  const std::uint64_t behind = scanned->file_bytes - scanned->whole_bytes;
  if (behind > 0)
    fmt::print("state      damaged: the last {} bytes are no whole part{}\n", behind,
               content->zeros_from <= scanned->whole_bytes ? ", but zeros" : "");
  else if (same == false)
    fmt::print("state      damaged: it opens, and its bytes are not those that were written\n");
  else
    fmt::print("state      whole{}\n", same ? "" : ", as far as the file says by itself");
  if (same == false && filed) say_where(**file, *filed, told, start);
  return behind == 0 && same != false ? 0 : 1;
}

}  // namespace

int inspect_recording(const std::string& path) {
  if (sodium_init() < 0) return 2;
  const auto files = archive::make_posix_file_system();
  return inspect(*files, path);
}

}  // namespace oriel::app

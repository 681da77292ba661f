#include "app/proof_commands.h"

#include <filesystem>
#include <optional>

#include <fmt/format.h>
#include <sodium.h>

#include "api/clip_proof.h"
#include "api/past.h"
#include "app/shelf.h"
#include "archive/proof_check.h"
#include "base/signing.h"
#include "media/movie_tags.h"

namespace oriel::app {
namespace {

int failed(const Error& error, int status = 1) {
  fmt::print(stderr, "oriel: {}\n", error.message);
  return status;
}

// All that may leave the house: what is withheld may not.
Result<access::View> view_of(store::Database& database, const FeedId& feed) {
  std::vector<UtcSpan> withheld;
  ORIEL_TRY(database.read([&](store::Session& session) {
    withheld.clear();
    return session.query(
        "SELECT start_us, end_us FROM withheld WHERE feed = $1", {feed.str()},
        [&](const store::Row& row) {
          withheld.push_back({UtcTime{row.integer(0)},
                              row.is_null(1) ? access::kForever : UtcTime{row.integer(1)}});
        });
  }));
  access::View view;
  view.allowed = true;
  view.with_audio = true;
  view.not_after = access::kForever;
  view.withheld = access::make_spans(std::move(withheld));
  return view;
}

class Export {
 public:
  Export(const Config& config, const ExportRequest& request, Shelf& shelf)
      : config_(config),
        request_(request),
        shelf_(shelf),
        catalog_(*shelf.database, nullptr),
        reader_(shelf.volume_views, *shelf.files, catalog_) {}

  Result<std::string> run() {
    UtcSpan span;
    ORIEL_TRY_ASSIGN(span.begin, parse_rfc3339(request_.start));
    ORIEL_TRY_ASSIGN(span.end, parse_rfc3339(request_.end));
    if (span.end <= span.begin) return fail(ErrorKind::invalid, "--end: must be after --start");
    if (span.end - span.begin > api::kProofMax)
      return fail(ErrorKind::invalid, "at most an hour at once: export it in pieces");
    ORIEL_TRY_ASSIGN(auto slug, parse_slug(request_.feed));
    const FeedId feed(std::move(slug));
    ORIEL_TRY_ASSIGN(const auto view, view_of(*shelf_.database, feed));
    ORIEL_TRY_ASSIGN(auto clip, api::plan_clip(past_, feed, view, span));
    media::MovieTags tags;
    tags.created = clip.start;
    tags.title = feed.str() + " " + format_rfc3339(clip.start);
    tags.encoder = "Oriel";
    ORIEL_TRY(api::tag_clip(clip, tags));
    std::optional<api::ProofPlan> plan;
    std::optional<SigningKey> key;
    if (request_.proof) {
      auto loaded = SigningKey::load(config_.key_file());
      if (!loaded) return fail(std::move(loaded).error());
      key.emplace(std::move(*loaded));
      ORIEL_TRY_ASSIGN(plan, api::plan_proof({*shelf_.database, shelf_.volume_views, *shelf_.files},
                                             feed, clip, view, shelf_.clock.now()));
    }
    ORIEL_TRY_ASSIGN(auto file, shelf_.files->open(request_.out, archive::OpenMode::create_new));
    auto written = plan ? write_proof(*file, std::move(*plan), *key) : write_clip(*file, clip);
    if (written) written = file->sync();
    if (written && plan) written = check();
    if (!written) {
      file.reset();
      if (auto removed = shelf_.files->remove(request_.out); !removed)
        fmt::print(stderr, "oriel: {}\n", removed.error().message);
      return fail(std::move(written).error());
    }
    return fmt::format("{}: {} to {}, {} bytes", request_.out, format_rfc3339(clip.start),
                       format_rfc3339(clip.end), at_);
  }

 private:
  Result<void> write(archive::File& file, const Bytes& bytes) {
    const ByteView piece = bytes;
    ORIEL_TRY(file.write(at_, std::span(&piece, 1)));
    at_ += bytes.size();
    return {};
  }
  Result<void> write_clip(archive::File& file, const api::ClipPlan& clip) {
    ORIEL_TRY(write(file, *clip.init));
    for (std::size_t i = 0; i < clip.pieces.size(); ++i) {
      ORIEL_TRY_ASSIGN(const auto piece, api::clip_piece(past_, clip, i));
      ORIEL_TRY(write(file, *piece));
    }
    return {};
  }
  Result<void> write_proof(archive::File& file, api::ProofPlan plan, const SigningKey& key) {
    api::ProofStream stream(past_, std::make_shared<const api::ProofPlan>(std::move(plan)), key);
    for (;;) {
      ORIEL_TRY_ASSIGN(const auto piece, stream.next());
      if (!piece) return {};
      ORIEL_TRY(write(file, **piece));
    }
  }
  // What is handed on must hold: a recording may be damaged.
  Result<void> check() {
    auto checked = archive::check_proof(*shelf_.files, request_.out, std::nullopt);
    if (!checked) return fail(std::move(checked).error().within("what was made does not hold"));
    return {};
  }

  const Config& config_;
  const ExportRequest& request_;
  Shelf& shelf_;
  const archive::Catalog catalog_;
  const archive::Reader reader_;
  const api::PastSource past_{catalog_, reader_};
  std::uint64_t at_ = 0;
};

Result<std::optional<PublicKey>> key_of(archive::FileSystem& files, const std::string& key) {
  if (key.empty()) return std::optional<PublicKey>{};
  std::string text = key;
  if (std::filesystem::exists(key)) {
    ORIEL_TRY_ASSIGN(const auto bytes, archive::read_small_file(files, key, 4096));
    text = std::string(as_text(bytes));
  }
  auto parsed = PublicKey::parse(text);
  if (!parsed) return fail(std::move(parsed).error().within("--key"));
  return std::optional(*parsed);
}

}  // namespace

int export_clip(const Config& config, const ExportRequest& request) {
  if (sodium_init() < 0) return 1;
  auto shelf = open_shelf(config);
  if (!shelf) return failed(shelf.error());
  const auto made = Export(config, request, **shelf).run();
  if (!made) return failed(made.error());
  fmt::print("{}\n", *made);
  return 0;
}

int check_clip_proof(const std::string& path, const std::string& key) {
  if (sodium_init() < 0) return 2;
  const auto files = archive::make_posix_file_system();
  const auto wanted = key_of(*files, key);
  if (!wanted) return failed(wanted.error(), 2);
  const auto report = archive::check_proof(*files, path, *wanted);
  if (!report) {
    const bool unread = report.error().kind == ErrorKind::unavailable;
    fmt::print("REFUSED: {}\n", report.error().message);
    return unread ? 2 : 1;
  }
  fmt::print(
      "whole      every byte of the clip's pictures and sound is in recordings that were "
      "sealed\n");
  fmt::print("feed       {}\n", report->feed.str());
  fmt::print("shows      {} to {}\n", format_rfc3339(report->span.begin),
             format_rfc3339(report->span.end));
  fmt::print("exported   {}\n", format_rfc3339(report->made));
  for (const auto id : report->recordings) fmt::print("recording  {}\n", id.value);
  for (const auto& seal : report->seals) fmt::print("seal       {}\n", seal);
  fmt::print("key        {}\n", report->key.hex());
  if (!*wanted)
    fmt::print(
        "whose key that is, this does not say: ask the node's people, and pass it as --key\n");
  return 0;
}

}  // namespace oriel::app

#include "api/file_dimensions.h"

#include "base/log.h"

namespace oriel::api {
namespace {

constexpr std::chrono::seconds kEvery{3};
constexpr std::int64_t kBatch = 50;

std::optional<std::int64_t> unless_zero(std::int64_t number) {
  if (number == 0) return std::nullopt;
  return number;
}

}  // namespace

bool lacks_dimensions(const commons::File& file) {
  if (file.width || file.duration_ms) return false;
  return image::Pictures::is_picture(file.type) || file.type.starts_with("video/") ||
         file.type.starts_with("audio/");
}

Result<commons::File> with_dimensions(commons::Shelf& shelf, image::Pictures& pictures,
                                      commons::File file) {
  if (!lacks_dimensions(file)) return file;
  const auto path = shelf.objects().file_of(*parse_sha256(file.sha256));
  if (!path) return fail(ErrorKind::unsupported, "the file is not on this machine's disk");
  ORIEL_TRY_ASSIGN(const auto facts, pictures.describe(*path, file.type));
  file.width = unless_zero(facts.size.width);
  file.height = unless_zero(facts.size.height);
  file.duration_ms = unless_zero(facts.duration_ms);
  ORIEL_TRY(shelf.set_dimensions(file.sha256, {file.width, file.height, file.duration_ms}));
  return file;
}

DimensionFinder::DimensionFinder(commons::Shelf& shelf, image::Pictures& pictures)
    : shelf_(shelf), pictures_(pictures) {
  thread_ = NamedThread("dimensions", [this](const std::stop_token& stop) { run(stop); });
}

void DimensionFinder::run(const std::stop_token& stop) {
  UtcTime after{-1};
  while (!stop.stop_requested()) {
    while (look(after, stop)) {
    }
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, stop, kEvery, [] { return false; });
  }
}

bool DimensionFinder::look(UtcTime& after, const std::stop_token& stop) {
  const auto files = shelf_.list_undescribed(after, kBatch);
  if (!files) {
    log::warn("dimensions of files: {}", files.error().message);
    return false;
  }
  for (const auto& file : *files) {
    if (stop.stop_requested()) return false;
    after = file.added_at;
    if (!lacks_dimensions(file)) continue;
    const auto found = with_dimensions(shelf_, pictures_, file);
    if (!found) log::info("dimensions of {}: {}", file.sha256, found.error().message);
  }
  return static_cast<std::int64_t>(files->size()) == kBatch;
}

}  // namespace oriel::api

// Whatever lies in a file, putting credits into it neither crashes nor runs on; what comes out is
// as long as it says, takes credits again, and has all of the original that was to stay.
#include <algorithm>
#include <cstring>
#include <iterator>

#include "imprint/imprint.h"

using namespace oriel;

namespace {

class Memory final : public imprint::Source {
 public:
  explicit Memory(ByteView bytes) : bytes_(bytes) {}
  std::uint64_t bytes() const override { return bytes_.size(); }
  Result<std::size_t> read(std::uint64_t offset, std::span<std::uint8_t> into) const override {
    if (into.empty() || offset >= bytes_.size()) return std::size_t{0};
    const auto at = static_cast<std::size_t>(offset);
    const auto count = std::min(into.size(), bytes_.size() - at);
    std::memcpy(into.data(), bytes_.data() + at, count);
    return count;
  }

 private:
  ByteView bytes_;
};

constexpr const char* kTypes[] = {"image/jpeg",      "image/png",         "video/mp4",
                                  "audio/mpeg",      "audio/flac",        "audio/ogg",
                                  "audio/wav",       "model/gltf-binary", "model/gltf+json",
                                  "application/pdf", "video/quicktime"};

}  // namespace

// The first byte chooses the format.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string type = kTypes[data[0] % std::size(kTypes)];
  const ByteView original(data + 1, size - 1);
  imprint::Legend legend;
  legend.title = "Antelopes & <lake>";
  legend.titles = {{"en", "Antelopes"}, {"zh", "藏羚羊"}};
  legend.makers = {"A", "B"};
  legend.credit = "“Antelopes” by A, B";
  legend.credits = {legend.credit};
  legend.sources = {"https://window.example/works/1"};
  const auto made = imprint::imprint(Memory(original), type, legend);
  if (!made) return 0;
  Bytes whole;
  for (const auto& piece : made->pieces) {
    if (!piece.made.empty()) {
      whole.insert(whole.end(), piece.made.begin(), piece.made.end());
      continue;
    }
    if (piece.offset + piece.bytes > original.size()) __builtin_trap();
    const auto stretch = original.subspan(static_cast<std::size_t>(piece.offset),
                                          static_cast<std::size_t>(piece.bytes));
    whole.insert(whole.end(), stretch.begin(), stretch.end());
  }
  if (whole.size() != made->bytes) __builtin_trap();
  // Twice is like once. An Ogg may have no room left, a box may be the last that fits.
  const auto again = imprint::imprint(Memory(whole), type, legend);
  if (!again && again.error().kind == ErrorKind::data_loss) __builtin_trap();
  return 0;
}

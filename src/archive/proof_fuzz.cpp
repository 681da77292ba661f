// A proof from outside: its text, and the tar it comes in. What is taken has one text only, and no
// name leads out of the folder.
#include "archive/proof.h"
#include "archive/tar.h"

namespace {

class Memory final : public oriel::archive::File {
 public:
  Memory(const std::uint8_t* data, std::size_t size) : bytes_(data, size) {}
  oriel::Result<std::size_t> read(std::uint64_t offset,
                                  std::span<std::uint8_t> into) const override {
    if (offset >= bytes_.size()) return std::size_t{0};
    const auto from = bytes_.subspan(static_cast<std::size_t>(offset));
    const std::size_t count = std::min(from.size(), into.size());
    std::copy_n(from.begin(), count, into.begin());
    return count;
  }
  oriel::Result<std::uint64_t> size() const override { return std::uint64_t{bytes_.size()}; }
  oriel::Result<oriel::archive::FileIdentity> identity() const override { return refused(); }
  oriel::Result<void> write(std::uint64_t, std::span<const oriel::ByteView>) override {
    return refused();
  }
  oriel::Result<void> truncate(std::uint64_t) override { return refused(); }
  oriel::Result<void> sync() override { return refused(); }

 private:
  static tl::unexpected<oriel::Error> refused() {
    return oriel::fail(oriel::ErrorKind::denied, "read only");
  }
  const oriel::ByteView bytes_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto proof = oriel::archive::parse_proof(text))
    ORIEL_CHECK(oriel::archive::format_proof(*proof) == text);
  const auto entries = oriel::archive::read_tar(Memory(data, size));
  if (!entries) return 0;
  for (const auto& entry : *entries) {
    ORIEL_CHECK(!entry.name.empty() && entry.name.front() != '/');
    ORIEL_CHECK(entry.name.find("../") == std::string::npos);
    ORIEL_CHECK(entry.offset <= size && entry.bytes <= size - entry.offset);
  }
  return 0;
}

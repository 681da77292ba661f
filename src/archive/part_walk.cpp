#include "archive/part_walk.h"

#include <algorithm>

namespace oriel::archive {
namespace {

// prft (32 bytes) and moof of a third of a second fit with room to spare.
constexpr std::size_t kFirstRead = 4096;
constexpr std::uint64_t kPrftBytes = 32;
constexpr std::uint64_t kBoxHeaderMax = 16;

Result<std::size_t> load(const File& file, std::uint64_t offset, std::size_t wanted,
                         std::uint64_t end, Bytes& bytes) {
  bytes.resize(static_cast<std::size_t>(std::min<std::uint64_t>(wanted, end - offset)));
  ORIEL_TRY_ASSIGN(const auto count, file.read(offset, bytes));
  bytes.resize(count);
  return count;
}

}  // namespace

Result<Bytes> load_init(const File& file) {
  ORIEL_TRY_ASSIGN(const auto file_bytes, file.size());
  Bytes bytes;
  ORIEL_TRY(load(file, 0, kFirstRead, file_bytes, bytes));
  ORIEL_TRY_ASSIGN(const auto ftyp, media::parse_box_header(bytes));
  if (ftyp.name() != "ftyp" || ftyp.size + 8 > bytes.size())
    return fail(ErrorKind::data_loss, "the file does not begin with an init segment");
  ORIEL_TRY_ASSIGN(const auto moov, media::parse_box_header(ByteView(bytes).subspan(ftyp.size)));
  if (moov.name() != "moov" || moov.size > kInitBytesMax)
    return fail(ErrorKind::data_loss, "the file has no moov after its ftyp");
  const std::uint64_t size = ftyp.size + moov.size;
  if (size > file_bytes) return fail(ErrorKind::data_loss, "the init segment is torn");
  ORIEL_TRY(load(file, 0, static_cast<std::size_t>(size), file_bytes, bytes));
  if (bytes.size() != size) return fail(ErrorKind::data_loss, "the init segment is torn");
  return bytes;
}

Result<media::PartHead> load_part_head(const File& file, std::uint64_t offset, std::uint64_t end,
                                       const media::InitSummary& init) {
  if (offset + kPrftBytes + kBoxHeaderMax > end)
    return fail(ErrorKind::data_loss, "a part is torn");
  Bytes bytes;
  ORIEL_TRY(load(file, offset, kFirstRead, end, bytes));
  if (bytes.size() < kPrftBytes + kBoxHeaderMax)
    return fail(ErrorKind::data_loss, "a part is torn");
  ORIEL_TRY_ASSIGN(const auto moof, media::parse_box_header(ByteView(bytes).subspan(kPrftBytes)));
  const std::uint64_t needed = kPrftBytes + moof.size + kBoxHeaderMax;
  if (moof.size > media::kPartHeadBytesMax || offset + needed > end + kBoxHeaderMax)
    return fail(ErrorKind::data_loss, "a part's head is torn or foreign");
  if (needed > bytes.size())
    ORIEL_TRY(load(file, offset, static_cast<std::size_t>(needed), end, bytes));
  ORIEL_TRY_ASSIGN(auto head, media::parse_part_head(bytes, init.timescales, init.video));
  if (size_of(head) > end - offset) return fail(ErrorKind::data_loss, "a part is torn");
  return head;
}

}  // namespace oriel::archive

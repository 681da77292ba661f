// A file: bytes, named by their SHA-256 and kept once, however many Works hold them.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>

#include "base/time.h"
#include "commons/text.h"

namespace oriel::commons {

// What is known of the bytes themselves.
struct File {
  std::string sha256;  // 64 hexadecimal digits; the key
  std::int64_t bytes = 0;
  std::string type;  // media type, by content: "video/mp4"
  std::optional<std::int64_t> width;
  std::optional<std::int64_t> height;
  std::optional<std::int64_t> duration_ms;
  UtcTime added_at;
  bool operator==(const File&) const = default;
};
BOOST_DESCRIBE_STRUCT(File, (), (sha256, bytes, type, width, height, duration_ms, added_at))

// What a file is to a Work.
enum class FileRole : std::uint8_t { original, preview, caption, page, level_of_detail, data };
BOOST_DESCRIBE_ENUM(FileRole, original, preview, caption, page, level_of_detail, data)

// A file as one Work holds it; the same bytes may have another name and licence in another.
struct HeldFile {
  std::string sha256;
  std::string name;  // as it is saved: no folder, "antelope.mp4"
  FileRole role = FileRole::original;
  std::string licence;   // URI of a Term; "": the Work's
  std::string language;  // of a caption or page; "": none
  LocalisedText about;   // what it shows, for those who do not see it
  bool operator==(const HeldFile&) const = default;
};
BOOST_DESCRIBE_STRUCT(HeldFile, (), (sha256, name, role, licence, language, about))

}  // namespace oriel::commons

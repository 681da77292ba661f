// What bytes are, by their first ones: never by a name, and nothing is decoded.
#pragma once
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace oriel::commons {

// How many bytes file_type() wants to see.
inline constexpr std::size_t kTypeHeadBytes = 4096;

// The media type; "text/plain" for UTF-8 that is nothing else, "application/octet-stream" for what
// nobody knows.
std::string file_type(ByteView head);

// Whether a file of that type may have this name: one whose ending says another type may not
// ("herd.jpg" of a video). An ending that says nothing is fine.
Result<void> check_file_name(std::string_view name, std::string_view type);

// Shown in a browser as it is: pictures, sound, video. All else is only saved, so that no script of
// it runs under our address.
bool is_shown_inline(std::string_view type);

}  // namespace oriel::commons

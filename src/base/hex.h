// Bytes as hexadecimal digits.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace oriel {

// Two lower-case digits a byte.
std::string format_hex(ByteView bytes);
// Lower-case digits only, an even number of them; absent otherwise.
std::optional<Bytes> parse_hex(std::string_view text);

}  // namespace oriel

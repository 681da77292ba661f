// XMP (ISO 16684-1): the packet that pictures, films and documents carry.
#pragma once
#include <string>
#include <string_view>

#include "imprint/legend.h"

namespace oriel::imprint {

// What JPEG puts in front of it.
inline constexpr std::string_view kXmpSignature{"http://ns.adobe.com/xap/1.0/\0", 29};

// A whole packet: Dublin Core, XMP Rights, Creative Commons and the credit line of IPTC. What the
// packet `old` says about other things is kept, and what it says about these replaced; "" or
// something that is no packet of UTF-8: a new one.
std::string xmp_packet(const Legend& legend, std::string_view old);

}  // namespace oriel::imprint

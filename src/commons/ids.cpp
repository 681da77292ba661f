#include "commons/ids.h"

#include <array>
#include <cstdint>
#include <string_view>

#include <sodium.h>

namespace oriel::commons {

std::string make_id(UtcTime now) {
  constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";
  constexpr std::size_t kTimeDigits = 10;
  constexpr std::size_t kRandomDigits = 16;  // of 5 bits: 80
  std::string id(kTimeDigits + kRandomDigits, '0');
  auto ms = static_cast<std::uint64_t>(now.ms());
  for (std::size_t i = kTimeDigits; i > 0; --i, ms >>= 5U) id[i - 1] = kAlphabet[ms & 31U];
  std::array<std::uint8_t, kRandomDigits> random{};
  randombytes_buf(random.data(), random.size());
  for (std::size_t i = 0; i < kRandomDigits; ++i) id[kTimeDigits + i] = kAlphabet[random[i] & 31U];
  return id;
}

}  // namespace oriel::commons

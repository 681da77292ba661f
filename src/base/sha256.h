// SHA-256 (FIPS 180-4) by OpenSSL, which uses the processor's own instructions where it has them.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/bytes.h"

namespace oriel {

using Sha256Digest = std::array<std::uint8_t, 32>;

// Takes bytes as they come; used by one thread at a time.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  void update(ByteView bytes);
  // Of all that came; nothing may follow.
  Sha256Digest finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Sha256Digest sha256(ByteView bytes);
// 64 hexadecimal digits; absent for anything else.
std::optional<Sha256Digest> parse_sha256(std::string_view text);
// 32 bytes; absent for any other length.
std::optional<Sha256Digest> digest_of(ByteView bytes);

}  // namespace oriel

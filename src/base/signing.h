// The node's signature: Ed25519 (RFC 8032) by libsodium, in the formats that openssl reads.
#pragma once
#include <array>
#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace oriel {

struct PublicKey {
  std::array<std::uint8_t, 32> bytes{};
  auto operator<=>(const PublicKey&) const = default;

  std::string hex() const;
  // SubjectPublicKeyInfo (RFC 8410), as `openssl pkeyutl -pubin` takes it.
  std::string pem() const;
  // 64 hexadecimal digits, or the text of pem(). Errors: invalid.
  static Result<PublicKey> parse(std::string_view text);
};

using Signature = std::array<std::uint8_t, 64>;

bool verify_signature(const PublicKey& key, ByteView message, const Signature& signature);

// The secret half never leaves its file and this object, whose memory is wiped at the end.
class SigningKey {
 public:
  // Reads the PEM file (PKCS #8, RFC 8410). Errors: not_found, denied, invalid (it is no such key,
  // or others than its owner may read it).
  static Result<SigningKey> load(const std::string& path);
  // As load(); a key that is not there is made, mode 0600, and survives a loss of power.
  static Result<SigningKey> load_or_make(const std::string& path);
  // For tests: from 32 bytes.
  static SigningKey from_seed(const std::array<std::uint8_t, 32>& seed);

  ~SigningKey();
  SigningKey(const SigningKey&) = default;
  SigningKey& operator=(const SigningKey&) = delete;

  const PublicKey& public_key() const { return public_key_; }
  Signature sign(ByteView message) const;

 private:
  SigningKey() = default;
  std::array<std::uint8_t, 64> secret_{};
  PublicKey public_key_;
};

}  // namespace oriel

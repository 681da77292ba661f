#include "base/sha256.h"

#include <algorithm>

#include <openssl/evp.h>

#include "base/hex.h"
#include "base/result.h"

namespace oriel {

struct Sha256::State {
  State() : context(EVP_MD_CTX_new()) {
    ORIEL_CHECK(context != nullptr && EVP_DigestInit_ex(context, EVP_sha256(), nullptr) == 1);
  }
  ~State() { EVP_MD_CTX_free(context); }
  EVP_MD_CTX* const context;
};

Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(ByteView bytes) {
  ORIEL_CHECK(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1);
}

Sha256Digest Sha256::finish() {
  Sha256Digest digest{};
  unsigned size = 0;
  ORIEL_CHECK(EVP_DigestFinal_ex(state_->context, digest.data(), &size) == 1);
  ORIEL_CHECK(size == digest.size());
  return digest;
}

Sha256Digest sha256(ByteView bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.finish();
}

std::optional<Sha256Digest> digest_of(ByteView bytes) {
  Sha256Digest digest{};
  if (bytes.size() != digest.size()) return std::nullopt;
  std::copy(bytes.begin(), bytes.end(), digest.begin());
  return digest;
}

std::optional<Sha256Digest> parse_sha256(std::string_view text) {
  const auto bytes = parse_hex(text);
  if (!bytes) return std::nullopt;
  return digest_of(*bytes);
}

}  // namespace oriel

#include "base/signing.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/sha256.h"

namespace oriel {
namespace {

static_assert(crypto_sign_SECRETKEYBYTES == 64 && crypto_sign_SEEDBYTES == 32);
static_assert(crypto_sign_PUBLICKEYBYTES == 32 && crypto_sign_BYTES == 64);

// What stands before the 32 bytes in DER, RFC 8410 sections 4 and 7.
constexpr std::array<std::uint8_t, 12> kPublicPrefix{0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                                     0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
constexpr std::array<std::uint8_t, 16> kSecretPrefix{
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20};
constexpr std::size_t kFileBytesMax = 1024;

using Seed = std::array<std::uint8_t, 32>;

template <std::size_t N>
std::string format_pem(std::string_view label, const std::array<std::uint8_t, N>& prefix,
                       ByteView key) {
  Bytes der(prefix.begin(), prefix.end());
  der.insert(der.end(), key.begin(), key.end());
  std::string base64(sodium_base64_encoded_len(der.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(base64.data(), base64.size(), der.data(), der.size(),
                    sodium_base64_VARIANT_ORIGINAL);
  base64.resize(base64.size() - 1);  // its closing zero
  sodium_memzero(der.data(), der.size());
  std::string text = "-----BEGIN ";
  text.append(label).append("-----\n").append(base64).append("\n-----END ");
  return text.append(label).append("-----\n");
}

template <std::size_t N>
std::optional<Seed> parse_pem(std::string_view text, std::string_view label,
                              const std::array<std::uint8_t, N>& prefix) {
  const std::string begin = "-----BEGIN " + std::string(label) + "-----";
  const auto from = text.find(begin);
  const auto to = text.find("-----END ", from == std::string_view::npos ? 0 : from + begin.size());
  if (from == std::string_view::npos || to == std::string_view::npos) return std::nullopt;
  const auto body = text.substr(from + begin.size(), to - from - begin.size());
  std::array<std::uint8_t, N + 32> der{};
  std::size_t size = 0;
  if (sodium_base642bin(der.data(), der.size(), body.data(), body.size(), "\r\n ", &size, nullptr,
                        sodium_base64_VARIANT_ORIGINAL) != 0 ||
      size != der.size() || !std::equal(prefix.begin(), prefix.end(), der.begin()))
    return std::nullopt;
  Seed key{};
  std::copy(der.begin() + N, der.end(), key.begin());
  sodium_memzero(der.data(), der.size());
  return key;
}

Result<std::string> read_secret_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (file < 0) return fail(errno_error(errno, "open " + path));
  struct ::stat status {};
  std::string text(kFileBytesMax, '\0');
  const bool known = ::fstat(file, &status) == 0;
  const auto count = ::read(file, text.data(), text.size());
  const int error = errno;
  ::close(file);
  if (!known || count < 0) return fail(errno_error(error, "read " + path));
  if ((status.st_mode & 077) != 0)
    return fail(ErrorKind::invalid,
                path +
                    ": others than its owner may read this key; chmod 600 it, or, when it may "
                    "have been seen, move it away so that a new one is made");
  text.resize(static_cast<std::size_t>(count));
  return text;
}

// Appears whole or not at all, and never over another key.
Result<void> write_secret_file(const std::string& path, const std::string& text) {
  const std::string temporary = path + ".new";
  ::unlink(temporary.c_str());
  const int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return fail(errno_error(errno, "make " + temporary));
  const bool written =
      ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
      ::fsync(file) == 0;
  const int error = errno;
  ::close(file);
  if (!written) return fail(errno_error(error, "write " + temporary));
  if (::link(temporary.c_str(), path.c_str()) != 0 && errno != EEXIST)
    return fail(errno_error(errno, "make " + path));
  ::unlink(temporary.c_str());
  const auto folder = std::filesystem::path(path).parent_path().string();
  const int parent = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY);
  if (parent < 0) return fail(errno_error(errno, "open the folder of " + path));
  ::fsync(parent);
  ::close(parent);
  return {};
}

}  // namespace

std::string PublicKey::hex() const { return format_hex(bytes); }

std::string PublicKey::pem() const { return format_pem("PUBLIC KEY", kPublicPrefix, bytes); }

Result<PublicKey> PublicKey::parse(std::string_view text) {
  PublicKey key;
  if (const auto digits = parse_sha256(text)) {
    key.bytes = *digits;
    return key;
  }
  const auto parsed = parse_pem(text, "PUBLIC KEY", kPublicPrefix);
  if (!parsed)
    return fail(ErrorKind::invalid,
                "expected an Ed25519 public key: 64 hexadecimal digits, or a PEM file");
  key.bytes = *parsed;
  return key;
}

bool verify_signature(const PublicKey& key, ByteView message, const Signature& signature) {
  return crypto_sign_verify_detached(signature.data(), message.data(), message.size(),
                                     key.bytes.data()) == 0;
}

SigningKey SigningKey::from_seed(const std::array<std::uint8_t, 32>& seed) {
  SigningKey key;
  crypto_sign_seed_keypair(key.public_key_.bytes.data(), key.secret_.data(), seed.data());
  return key;
}

SigningKey::~SigningKey() { sodium_memzero(secret_.data(), secret_.size()); }

Signature SigningKey::sign(ByteView message) const {
  Signature signature{};
  crypto_sign_detached(signature.data(), nullptr, message.data(), message.size(), secret_.data());
  return signature;
}

Result<SigningKey> SigningKey::load(const std::string& path) {
  ORIEL_TRY_ASSIGN(auto text, read_secret_file(path));
  auto seed = parse_pem(text, "PRIVATE KEY", kSecretPrefix);
  sodium_memzero(text.data(), text.size());
  if (!seed) return fail(ErrorKind::invalid, path + ": this is no Ed25519 key in PEM");
  auto key = from_seed(*seed);
  sodium_memzero(seed->data(), seed->size());
  return key;
}

Result<SigningKey> SigningKey::load_or_make(const std::string& path) {
  if (sodium_init() < 0) return fail(ErrorKind::internal, "libsodium cannot be initialised");
  auto loaded = load(path);
  if (loaded || loaded.error().kind != ErrorKind::not_found) return loaded;
  Seed seed{};
  randombytes_buf(seed.data(), seed.size());
  auto text = format_pem("PRIVATE KEY", kSecretPrefix, seed);
  sodium_memzero(seed.data(), seed.size());
  auto written = write_secret_file(path, text);
  sodium_memzero(text.data(), text.size());
  ORIEL_TRY(std::move(written));
  // Read back: where two programs made one at once, the first one's counts.
  return load(path);
}

}  // namespace oriel

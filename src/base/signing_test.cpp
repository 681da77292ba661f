#include "base/signing.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/hex.h"
#include "base/sha256.h"
#include "base/temp_folder.h"

namespace oriel {
namespace {

std::array<std::uint8_t, 32> seed_of(std::string_view hex) { return *parse_sha256(hex); }

TEST(Sha256, gives_what_the_standard_says_however_the_bytes_come) {
  const auto digest = sha256(as_bytes("abc"));
  EXPECT_EQ(format_hex(digest), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  Sha256 hash;
  hash.update(as_bytes("a"));
  hash.update({});
  hash.update(as_bytes("bc"));
  EXPECT_EQ(hash.finish(), digest);
}

// RFC 8032, section 7.1, test 2.
TEST(SigningKey, gives_the_signature_of_the_standard) {
  const auto key = SigningKey::from_seed(
      seed_of("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"));
  EXPECT_EQ(key.public_key().hex(),
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  const Bytes message{0x72};
  const auto signature = key.sign(message);
  EXPECT_EQ(format_hex(signature),
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
  EXPECT_TRUE(verify_signature(key.public_key(), message, signature));
  EXPECT_FALSE(verify_signature(key.public_key(), Bytes{0x73}, signature));
}

TEST(SigningKey, is_made_once_for_its_owner_only_and_read_by_openssl) {
  const TempFolder folder;
  const std::string path = (folder / "node.key").string();
  const auto made = SigningKey::load_or_make(path);
  ASSERT_TRUE(made) << made.error().message;
  struct ::stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  const auto again = SigningKey::load_or_make(path);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->public_key(), made->public_key());
  const auto parsed = PublicKey::parse(made->public_key().pem());
  ASSERT_TRUE(parsed);
  EXPECT_EQ(*parsed, made->public_key());
  if (std::system("command -v openssl >/dev/null") == 0) {
    std::ofstream(folder / "public.pem") << made->public_key().pem();
    const std::string command = "cd '" + folder.path().string() +
                                "' && openssl pkey -in node.key -pubout -out derived.pem && "
                                "cmp derived.pem public.pem";
    EXPECT_EQ(std::system(command.c_str()), 0);
  }
}

TEST(SigningKey, a_key_that_others_may_read_or_that_is_none_is_refused) {
  const TempFolder folder;
  const std::string path = (folder / "node.key").string();
  ASSERT_TRUE(SigningKey::load_or_make(path));
  ::chmod(path.c_str(), 0644);
  const auto open = SigningKey::load_or_make(path);
  ASSERT_FALSE(open);
  EXPECT_NE(open.error().message.find("chmod 600"), std::string::npos);
  std::ofstream(path) << "something else";
  ::chmod(path.c_str(), 0600);
  const auto wrong = SigningKey::load_or_make(path);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().kind, ErrorKind::invalid);
}

}  // namespace
}  // namespace oriel

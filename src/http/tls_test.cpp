#include <filesystem>

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "http/test_client.h"

namespace oriel::http {
namespace {

namespace fs = std::filesystem;

template <class T, void (*Free)(T*)>
struct Deleter {
  void operator()(T* object) const { Free(object); }
};
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY, EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Deleter<X509, X509_free>>;

// A self-signed certificate for `name` and its key, in two PEM files.
void write_certificate(const fs::path& folder, const std::string& name) {
  const Key key(EVP_EC_gen("P-256"));
  const Certificate certificate(X509_new());
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(certificate.get(), subject);
  X509_sign(certificate.get(), key.get(), EVP_sha256());
  std::FILE* file = std::fopen((folder / "certificate.pem").c_str(), "w");
  PEM_write_X509(file, certificate.get());
  std::fclose(file);
  file = std::fopen((folder / "key.pem").c_str(), "w");
  PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  std::fclose(file);
}

class TlsClient {
 public:
  explicit TlsClient(std::uint16_t port, int version_max = 0)
      : tcp_(port), context_(SSL_CTX_new(TLS_client_method())) {
    if (version_max != 0) SSL_CTX_set_max_proto_version(context_, version_max);
    ssl_ = SSL_new(context_);
    SSL_set_fd(ssl_, tcp_.native());
    static constexpr unsigned char kProtocols[] = "\x02h2\x08http/1.1";
    SSL_set_alpn_protos(ssl_, kProtocols, sizeof kProtocols - 1);
    connected_ = SSL_connect(ssl_) == 1;
  }
  ~TlsClient() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
  }
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;
  bool connected() const { return connected_; }
  std::string subject() const {
    const Certificate peer(SSL_get1_peer_certificate(ssl_));
    char name[256] = {};
    X509_NAME_get_text_by_NID(X509_get_subject_name(peer.get()), NID_commonName, name, sizeof name);
    return name;
  }
  std::string protocol() const {
    const unsigned char* name = nullptr;
    unsigned length = 0;
    SSL_get0_alpn_selected(ssl_, &name, &length);
    return {reinterpret_cast<const char*>(name), length};
  }
  // Header and body of an answer of known length.
  std::string get(const std::string& path) {
    const std::string text = "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n";
    SSL_write(ssl_, text.data(), static_cast<int>(text.size()));
    std::string answer;
    std::size_t needed = std::string::npos;
    char buffer[65536];
    while (answer.size() < needed) {
      const int count = SSL_read(ssl_, buffer, sizeof buffer);
      if (count <= 0) break;
      answer.append(buffer, static_cast<std::size_t>(count));
      const auto end = answer.find("\r\n\r\n");
      if (needed == std::string::npos && end != std::string::npos)
        needed = end + 4 + std::stoul(answer.substr(answer.find("Content-Length: ") + 16));
    }
    return answer;
  }

 private:
  TestClient tcp_;
  SSL_CTX* context_;
  SSL* ssl_ = nullptr;
  bool connected_ = false;
};

Awaitable<Response> hello(Request& request) {
  co_return Response::text(request.secure ? "secure" : "plain");
}
Awaitable<Response> file(FileRange range) {
  Response response;
  response.body = Body::of(std::move(range));
  co_return response;
}

class TlsTest : public ::testing::Test {
 protected:
  TlsTest() {
    std::string name = (fs::temp_directory_path() / "oriel-tls-XXXXXX").string();
    folder = ::mkdtemp(name.data());
    write_certificate(folder, "first");
    server.options.tls =
        TlsOptions{(folder / "certificate.pem").string(), (folder / "key.pem").string()};
    server.router.add(Method::get, "/hello", {}, hello);
  }
  ~TlsTest() override { fs::remove_all(folder); }
  fs::path folder;
  TestServer server;
};

TEST_F(TlsTest, answers_over_tls_with_hsts) {
  server.start();
  TlsClient client(server.port());
  ASSERT_TRUE(client.connected());
  EXPECT_EQ(client.protocol(), "http/1.1");
  for (int i = 0; i < 2; ++i) {
    const std::string answer = client.get("/hello");
    EXPECT_TRUE(answer.ends_with("secure")) << answer;
    EXPECT_NE(answer.find("Strict-Transport-Security: "), std::string::npos);
  }
}

TEST_F(TlsTest, sends_files) {
  std::string content(1'000'000, 'a');
  content += "end";
  const auto path = (folder / "file").string();
  std::FILE* out = std::fopen(path.c_str(), "w");
  std::fwrite(content.data(), 1, content.size(), out);
  std::fclose(out);
  const auto range = open_file_range(path);
  ASSERT_TRUE(range);
  server.router.add(Method::get, "/file", {}, [&](Request&) { return file(*range); });
  server.start();
  TlsClient client(server.port());
  EXPECT_TRUE(client.get("/file").ends_with("\r\n\r\n" + content));
}

TEST_F(TlsTest, old_protocols_are_refused) {
  server.start();
  EXPECT_FALSE(TlsClient(server.port(), TLS1_1_VERSION).connected());
  EXPECT_TRUE(TlsClient(server.port(), TLS1_2_VERSION).connected());
}

TEST_F(TlsTest, new_connections_get_the_reloaded_certificate) {
  server.start();
  TlsClient before(server.port());
  EXPECT_EQ(before.subject(), "first");
  write_certificate(folder, "second");
  ASSERT_TRUE(server.server->reload_certificates());
  EXPECT_EQ(TlsClient(server.port()).subject(), "second");
  EXPECT_TRUE(before.get("/hello").ends_with("secure")) << "old connections go on";
}

TEST_F(TlsTest, a_bad_new_certificate_leaves_the_old_one) {
  server.start();
  std::FILE* out = std::fopen((folder / "certificate.pem").c_str(), "w");
  std::fputs("not a certificate", out);
  std::fclose(out);
  const auto reloaded = server.server->reload_certificates();
  ASSERT_FALSE(reloaded);
  EXPECT_EQ(reloaded.error().kind, ErrorKind::invalid);
  EXPECT_EQ(TlsClient(server.port()).subject(), "first");
}

TEST_F(TlsTest, changed_files_are_noticed) {
  server.options.tls->reload_check = Duration::from_ms(20);
  server.start();
  EXPECT_EQ(TlsClient(server.port()).subject(), "first");
  write_certificate(folder, "second");
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (TlsClient(server.port()).subject() != "second")
    ASSERT_LT(std::chrono::steady_clock::now(), end);
}

TEST_F(TlsTest, a_key_of_another_certificate_or_none_is_an_error_at_start) {
  fs::rename(folder / "key.pem", folder / "old.pem");
  write_certificate(folder, "second");
  fs::rename(folder / "old.pem", folder / "key.pem");
  Offload offload({}, server.metrics);
  Server mismatched(server.options, server.router, offload, server.clock, server.metrics);
  EXPECT_FALSE(mismatched.start());
  fs::remove(folder / "key.pem");
  Server missing(server.options, server.router, offload, server.clock, server.metrics);
  EXPECT_EQ(missing.start().error().kind, ErrorKind::not_found);
}

TEST_F(TlsTest, a_client_that_never_shakes_hands_is_dropped) {
  server.options.header_timeout = Duration::from_ms(100);
  server.start();
  TestClient silent(server.port());
  EXPECT_TRUE(silent.at_end());
}

}  // namespace
}  // namespace oriel::http

#include "http/tls.h"

#include <cerrno>

#include <fmt/format.h>
#include <openssl/ssl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace oriel::http {

namespace ssl = boost::asio::ssl;

namespace {

int choose_http_1_1(SSL*, const unsigned char** out, unsigned char* out_length,
                    const unsigned char* in, unsigned int in_length, void*) {
  static constexpr unsigned char kProtocols[] = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_length, kProtocols, sizeof kProtocols - 1, in,
                            in_length) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_NOACK;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

Result<void> check_readable(const std::string& file, std::string_view what) {
  if (::access(file.c_str(), R_OK) == 0) return {};
  return fail(errno_error(errno, fmt::format("{} {}", what, file)));
}

}  // namespace

Result<std::shared_ptr<ssl::context>> make_tls_context(const TlsOptions& options) {
  ORIEL_TRY(check_readable(options.certificate_file, "TLS certificate"));
  ORIEL_TRY(check_readable(options.key_file, "TLS key"));
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  boost::system::error_code error;
  context->set_options(ssl::context::default_workarounds | ssl::context::no_sslv2 |
                           ssl::context::no_sslv3 | ssl::context::no_tlsv1 |
                           ssl::context::no_tlsv1_1 | SSL_OP_NO_RENEGOTIATION,
                       error);
  if (error) return fail(ErrorKind::internal, "TLS options: " + error.message());
  context->use_certificate_chain_file(options.certificate_file, error);
  if (error)
    return fail(ErrorKind::invalid,
                "TLS certificate " + options.certificate_file + ": " + error.message());
  context->use_private_key_file(options.key_file, ssl::context::pem, error);
  if (error)
    return fail(ErrorKind::invalid, "TLS key " + options.key_file + ": " + error.message());
  SSL_CTX* native = context->native_handle();
  if (SSL_CTX_check_private_key(native) != 1)
    return fail(ErrorKind::invalid, "TLS key " + options.key_file + " is not the certificate's");
  // Thousands of idle connections: the record buffers are given back between records.
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE);
  SSL_CTX_set_alpn_select_cb(native, choose_http_1_1, nullptr);
  return context;
}

std::string tls_files_state(const TlsOptions& options) {
  std::string state;
  for (const auto& file : {options.certificate_file, options.key_file}) {
    struct ::stat status {};
    if (::stat(file.c_str(), &status) != 0) return {};
    state += fmt::format("{}:{}:{}.{} ", status.st_ino, status.st_size, status.st_mtim.tv_sec,
                         status.st_mtim.tv_nsec);
  }
  return state;
}

}  // namespace oriel::http

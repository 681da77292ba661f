// The TLS context from its files. Inside the folder only.
#pragma once
#include <memory>

#include <boost/asio/ssl/context.hpp>

#include "http/server.h"

namespace oriel::http {

// TLS 1.2 and up, HTTP/1.1 by ALPN. Blocks. Errors: invalid (not a certificate, or the key is
// another's), not_found, denied.
Result<std::shared_ptr<boost::asio::ssl::context>> make_tls_context(const TlsOptions& options);

// Changes when one of the files does. Blocks. Empty when one cannot be looked at.
std::string tls_files_state(const TlsOptions& options);

}  // namespace oriel::http

#include "notify/curl_call.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include <curl/curl.h>
#include <fmt/format.h>

namespace oriel::notify {
namespace {

constexpr long kConnectDeadline_ms = 15'000;

struct EndCurl {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using CurlPtr = std::unique_ptr<CURL, EndCurl>;
using ListPtr = std::unique_ptr<curl_slist, EndCurl>;

ListPtr list_of(const std::vector<std::string>& texts) {
  curl_slist* list = nullptr;
  for (const auto& text : texts) list = curl_slist_append(list, text.c_str());
  return ListPtr(list);
}

std::size_t drop_answer(char*, std::size_t size, std::size_t count, void*) { return size * count; }

int look_at_stop(void* stop, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const std::stop_token*>(stop)->stop_requested() ? 1 : 0;
}

struct Upload {
  std::string_view left;
};

std::size_t give_bytes(char* into, std::size_t size, std::size_t count, void* context) {
  auto& left = static_cast<Upload*>(context)->left;
  const auto given = std::min(left.size(), size * count);
  std::memcpy(into, left.data(), given);
  left.remove_prefix(given);
  return given;
}

CurlPtr make_call(const std::string& url, const char* protocols, Duration deadline,
                  const std::stop_token& stop) {
  // Thread-safe since 7.84; counted, so that calling it each time is right and cheap.
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return nullptr;
  CurlPtr curl(curl_easy_init());
  if (!curl) return nullptr;
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, protocols);
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT_MS, static_cast<long>(deadline.us / 1000));
  curl_easy_setopt(curl.get(), CURLOPT_CONNECTTIMEOUT_MS, kConnectDeadline_ms);
  curl_easy_setopt(curl.get(), CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl.get(), CURLOPT_XFERINFOFUNCTION, look_at_stop);
  curl_easy_setopt(curl.get(), CURLOPT_XFERINFODATA, &stop);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, drop_answer);
  return curl;
}

// Says what happened without saying where: the address may be a secret.
Error error_of(CURLcode code, long status) {
  const char* text = curl_easy_strerror(code);
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return {ErrorKind::deadline, "no answer in time"};
    case CURLE_ABORTED_BY_CALLBACK:
      return {ErrorKind::cancelled, "stopped"};
    case CURLE_LOGIN_DENIED:
      return {ErrorKind::denied, "the login was refused"};
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_USE_SSL_FAILED:
      return {ErrorKind::denied, fmt::format("no safe connection: {}", text)};
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_WEIRD_SERVER_REPLY:
      if (status >= 500) return {ErrorKind::denied, fmt::format("refused with {}", status)};
      break;
    default:
      break;
  }
  return {ErrorKind::unavailable, text};
}

Result<void> perform(CURL* curl) {
  const CURLcode code = curl_easy_perform(curl);
  if (code == CURLE_OK) return {};
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  return fail(error_of(code, status));
}

}  // namespace

Result<void> http_post(const HttpPost& post, const std::stop_token& stop) {
  const auto curl = make_call(post.url.reveal(), "http,https", post.deadline, stop);
  if (!curl) return fail(ErrorKind::internal, "libcurl cannot be initialised");
  const auto headers = list_of(post.headers);
  curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, post.body.data());
  curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE_LARGE,
                   static_cast<curl_off_t>(post.body.size()));
  ORIEL_TRY(perform(curl.get()));
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  if (status < 200 || status >= 300)
    return fail(ErrorKind::denied, fmt::format("answered with {}", status));
  return {};
}

Result<void> send_smtp(const SmtpMessage& message, const std::stop_token& stop) {
  const auto curl = make_call(message.server, "smtp,smtps", message.deadline, stop);
  if (!curl) return fail(ErrorKind::internal, "libcurl cannot be initialised");
  const auto receivers = list_of(message.to);
  Upload upload{message.bytes};
  const long tls = message.tls_required ? CURLUSESSL_ALL
                   : message.tls_tried  ? CURLUSESSL_TRY
                                        : CURLUSESSL_NONE;
  curl_easy_setopt(curl.get(), CURLOPT_USE_SSL, tls);
  if (!message.ca_file.empty())
    curl_easy_setopt(curl.get(), CURLOPT_CAINFO, message.ca_file.c_str());
  if (!message.user.empty()) {
    curl_easy_setopt(curl.get(), CURLOPT_USERNAME, message.user.c_str());
    curl_easy_setopt(curl.get(), CURLOPT_PASSWORD, message.password.reveal().c_str());
  }
  curl_easy_setopt(curl.get(), CURLOPT_MAIL_FROM, message.from.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_MAIL_RCPT, receivers.get());
  curl_easy_setopt(curl.get(), CURLOPT_READFUNCTION, give_bytes);
  curl_easy_setopt(curl.get(), CURLOPT_READDATA, &upload);
  curl_easy_setopt(curl.get(), CURLOPT_UPLOAD, 1L);
  return perform(curl.get());
}

}  // namespace oriel::notify

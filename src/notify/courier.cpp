#include "notify/courier.h"

#include <algorithm>
#include <array>
#include <ctime>

#include <fmt/format.h>
#include <sodium.h>

#include "notify/curl_call.h"

namespace oriel::notify {
namespace {

constexpr std::size_t kMailAlarmsMax = 200;
constexpr std::size_t kBase64Line = 76;  // RFC 2045, 6.8

std::string hex(const unsigned char* bytes, std::size_t size) {
  std::string text(size * 2 + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), bytes, size);
  text.pop_back();
  return text;
}

std::string random_name() {
  std::array<unsigned char, 16> bytes{};
  randombytes_buf(bytes.data(), bytes.size());
  return hex(bytes.data(), bytes.size());
}

std::string base64(std::string_view text) {
  std::string encoded(sodium_base64_encoded_len(text.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(encoded.data(), encoded.size(),
                    reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                    sodium_base64_VARIANT_ORIGINAL);
  encoded.pop_back();
  return encoded;
}

// RFC 2047: pieces of at most 75 characters, none cut through a character.
std::string encoded_header(std::string_view text) {
  constexpr std::size_t kPieceBytes = 42;
  std::string encoded;
  while (!text.empty()) {
    auto length = std::min(text.size(), kPieceBytes);
    while (length < text.size() && length > 1 &&
           (static_cast<unsigned char>(text[length]) & 0xc0) == 0x80)
      --length;
    if (!encoded.empty()) encoded += "\r\n ";
    encoded += "=?UTF-8?B?" + base64(text.substr(0, length)) + "?=";
    text.remove_prefix(length);
  }
  return encoded;
}

std::string mail_date(UtcTime now) {
  const auto seconds = static_cast<std::time_t>(now.us / 1'000'000);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  constexpr std::array kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} +0000",
                     kDays[static_cast<std::size_t>(parts.tm_wday)], parts.tm_mday,
                     kMonths[static_cast<std::size_t>(parts.tm_mon)], parts.tm_year + 1900,
                     parts.tm_hour, parts.tm_min, parts.tm_sec);
}

std::string sentence(const Notice& notice) {
  const auto& alarm = notice.alarm;
  std::string text =
      fmt::format("{}  {}  {}", format_rfc3339(alarm.raised_at), alarm.subject, alarm.message);
  if (alarm.cleared_at) text += fmt::format("  (over since {})", format_rfc3339(*alarm.cleared_at));
  return text;
}

std::size_t count_of(const std::vector<Notice>& notices, NoticeKind kind) {
  return static_cast<std::size_t>(std::count_if(
      notices.begin(), notices.end(), [&](const Notice& notice) { return notice.event == kind; }));
}

std::string subject_of(const Sender& sender, const std::vector<Notice>& notices) {
  const auto raised = count_of(notices, NoticeKind::raised);
  const auto cleared = count_of(notices, NoticeKind::cleared);
  std::string what = "test message";
  if (notices.size() == 1 && raised + cleared == 1)
    what = fmt::format("{} {}{}", notices.front().alarm.kind, notices.front().alarm.subject,
                       raised == 1 ? "" : ": over");
  else if (raised + cleared > 0)
    what = fmt::format("{} {}, {} over", raised, raised == 1 ? "alarm" : "alarms", cleared);
  return fmt::format("[{}] {}", sender.name, what);
}

std::string body_of(const Sender& sender, const std::vector<Notice>& notices) {
  std::string body;
  const auto section = [&](NoticeKind kind, std::string_view head) {
    const auto count = count_of(notices, kind);
    if (count == 0) return;
    body += fmt::format("{} ({})\n\n", head, count);
    std::size_t shown = 0;
    for (const auto& notice : notices) {
      if (notice.event != kind || shown++ >= kMailAlarmsMax) continue;
      body +=
          fmt::format("  {} [{}]\n    {}\n", notice.alarm.kind,
                      boost::describe::enum_to_string(notice.alarm.grade, ""), sentence(notice));
    }
    if (shown > kMailAlarmsMax) body += fmt::format("  and {} more\n", shown - kMailAlarmsMax);
    body += "\n";
  };
  section(NoticeKind::test, "This is a test: alarms reach this address");
  section(NoticeKind::raised, "What is wrong");
  section(NoticeKind::cleared, "What is over");
  if (!sender.url.empty()) body += "The desk: " + sender.url + "\n";
  return body;
}

bool is_address(std::string_view text) {
  const auto at = text.find('@');
  return at != std::string_view::npos && at > 0 && at + 1 < text.size() && text.size() <= 254 &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return c > ' ' && c < 0x7f &&
                  std::string_view("<>()[],;:\\\"").find(c) == std::string_view::npos;
         });
}

struct WebhookBody {
  std::string node;
  std::string url;
  UtcTime sent_at;
  std::vector<Notice> notices;
};
BOOST_DESCRIBE_STRUCT(WebhookBody, (), (node, url, sent_at, notices))

}  // namespace

Result<void> check(const WebhookOptions& options) {
  const auto& url = options.url.reveal();
  if (!url.starts_with("https://") && !url.starts_with("http://"))
    return fail(ErrorKind::invalid, "expected an address that begins with https:// or http://");
  return {};
}

Result<void> check(const MailOptions& options) {
  if (!options.server.starts_with("smtp://") && !options.server.starts_with("smtps://"))
    return fail(ErrorKind::invalid, "smtp: expected smtp://host:port or smtps://host:port");
  if (options.server.find('@') != std::string::npos)
    return fail(ErrorKind::invalid, "smtp: user and password have keys of their own");
  if (!is_address(options.from))
    return fail(ErrorKind::invalid, "mail_from: expected an address such as oriel@example.org");
  if (options.to.empty()) return fail(ErrorKind::invalid, "mail_to: expected at least one address");
  for (const auto& to : options.to)
    if (!is_address(to))
      return fail(ErrorKind::invalid, "mail_to: expected addresses such as warden@example.org");
  return {};
}

std::string format_webhook(const Sender& sender, const std::vector<Notice>& notices, UtcTime now) {
  return json::serialize(to_json(WebhookBody{sender.name, sender.url, now, notices}));
}

std::string sign_webhook(const Secret& key, UtcTime now, std::string_view body) {
  const std::string time = std::to_string(now.us / 1'000'000);
  const std::string signed_text = time + "." + std::string(body);
  const auto bytes = [](const std::string& text) {
    return reinterpret_cast<const unsigned char*>(text.data());
  };
  crypto_auth_hmacsha256_state state;
  std::array<unsigned char, crypto_auth_hmacsha256_BYTES> mac{};
  crypto_auth_hmacsha256_init(&state, bytes(key.reveal()), key.reveal().size());
  crypto_auth_hmacsha256_update(&state, bytes(signed_text), signed_text.size());
  crypto_auth_hmacsha256_final(&state, mac.data());
  return "t=" + time + ",v1=" + hex(mac.data(), mac.size());
}

std::string format_mail(const MailOptions& options, const Sender& sender,
                        const std::vector<Notice>& notices, UtcTime now, std::string_view unique) {
  std::string to;
  for (const auto& address : options.to) to += (to.empty() ? "" : ",\r\n ") + address;
  const auto domain = options.from.substr(options.from.find('@') + 1);
  std::string mail = "Date: " + mail_date(now) + "\r\nFrom: <" + options.from + ">\r\nTo: " + to +
                     "\r\nSubject: " + encoded_header(subject_of(sender, notices)) +
                     "\r\nMessage-ID: <" + std::string(unique) + "@" + domain +
                     ">\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
                     "Content-Type: text/plain; charset=utf-8\r\n"
                     "Content-Transfer-Encoding: base64\r\n\r\n";
  const std::string body = base64(body_of(sender, notices));
  for (std::size_t at = 0; at < body.size(); at += kBase64Line)
    mail += body.substr(at, kBase64Line) + "\r\n";
  return mail;
}

Webhook::Webhook(WebhookOptions options, Sender sender, const Clock& clock)
    : options_(std::move(options)), sender_(std::move(sender)), clock_(clock) {}

Result<void> Webhook::deliver(const std::vector<Notice>& notices, const std::stop_token& stop) {
  const UtcTime now = clock_.now();
  HttpPost post;
  post.url = options_.url;
  post.body = format_webhook(sender_, notices, now);
  post.deadline = options_.deadline;
  post.headers = {"Content-Type: application/json", "User-Agent: Oriel/" ORIEL_VERSION, "Expect:"};
  if (!options_.key.empty())
    post.headers.push_back("X-Oriel-Signature: " + sign_webhook(options_.key, now, post.body));
  return http_post(post, stop);
}

Mail::Mail(MailOptions options, Sender sender, const Clock& clock)
    : options_(std::move(options)), sender_(std::move(sender)), clock_(clock) {}

Result<void> Mail::deliver(const std::vector<Notice>& notices, const std::stop_token& stop) {
  SmtpMessage message;
  message.server = options_.server;
  message.tls_required = options_.tls == MailTls::required;
  message.tls_tried = options_.tls != MailTls::none;
  message.ca_file = options_.ca_file;
  message.user = options_.user;
  message.password = options_.password;
  message.from = "<" + options_.from + ">";
  for (const auto& to : options_.to) message.to.push_back("<" + to + ">");
  message.bytes = format_mail(options_, sender_, notices, clock_.now(), random_name());
  message.deadline = options_.deadline;
  return send_smtp(message, stop);
}

}  // namespace oriel::notify

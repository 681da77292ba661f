// What carries notices to people and machines elsewhere.
#pragma once
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"
#include "notify/alarm.h"

namespace oriel::notify {

// Only on its post box's thread.
class Courier {
 public:
  virtual ~Courier() = default;
  virtual std::string_view name() const = 0;  // "webhook"
  // Delivers all notices as one message. Blocks up to its deadline, or until `stop`. Errors:
  // unavailable, deadline, denied (the other side refuses), cancelled. No message of an error holds
  // an address or a secret.
  virtual Result<void> deliver(const std::vector<Notice>& notices, const std::stop_token& stop) = 0;
};

// Who speaks.
struct Sender {
  std::string name;  // of the node, for the subject of a mail
  std::string url;   // of its desk; empty: not known
};

struct WebhookOptions {
  Secret url;  // http or https; what people call a webhook often is a secret itself
  Secret key;  // of the signature; empty: not signed
  Duration deadline = Duration::from_s(20);
};

// POSTs {"node", "sent_at", "notices": [...]} as JSON. The signature is over the time and the body,
// so that a receiver can refuse what is old:
//   X-Oriel-Signature: t=1763640000,v1=<hexadecimal HMAC-SHA256 of "1763640000." and the body>
// Redirects are not followed.
class Webhook final : public Courier {
 public:
  Webhook(WebhookOptions options, Sender sender, const Clock& clock);
  std::string_view name() const override { return "webhook"; }
  Result<void> deliver(const std::vector<Notice>& notices, const std::stop_token& stop) override;

 private:
  const WebhookOptions options_;
  const Sender sender_;
  const Clock& clock_;
};

enum class MailTls { required, if_offered, none };
BOOST_DESCRIBE_ENUM(MailTls, required, if_offered, none)

struct MailOptions {
  std::string server;  // smtp://host:port, with STARTTLS, or smtps://host:port
  MailTls tls = MailTls::required;
  std::string ca_file;  // PEM; empty: the system's
  std::string user;     // empty: no login
  Secret password;
  std::string from;  // bare addresses: "oriel@example.org"
  std::vector<std::string> to;
  Duration deadline = Duration::from_s(60);
};
// Errors: invalid, naming what.
Result<void> check(const MailOptions& options);
Result<void> check(const WebhookOptions& options);

// One mail for all notices (RFC 5322, UTF-8).
class Mail final : public Courier {
 public:
  Mail(MailOptions options, Sender sender, const Clock& clock);
  std::string_view name() const override { return "mail"; }
  Result<void> deliver(const std::vector<Notice>& notices, const std::stop_token& stop) override;

 private:
  const MailOptions options_;
  const Sender sender_;
  const Clock& clock_;
};

// The mail's bytes, lines ended by CR LF. `unique` makes the Message-ID.
std::string format_mail(const MailOptions& options, const Sender& sender,
                        const std::vector<Notice>& notices, UtcTime now, std::string_view unique);
std::string format_webhook(const Sender& sender, const std::vector<Notice>& notices, UtcTime now);
// "t=…,v1=…"
std::string sign_webhook(const Secret& key, UtcTime now, std::string_view body);

}  // namespace oriel::notify

// Small things that most endpoints share: who asks, what he may see, and the words of an operation.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "access/policy_book.h"
#include "api/services.h"
#include "http/router.h"

namespace oriel::api {

// The asking identity, as the guard left it.
const access::Identity& identity_of(const http::Request& request);
// Looks again who asks, for answers that last: an account is disabled, a session ended, a token
// revoked while they go on.
class IdentityWatch {
 public:
  IdentityWatch(Services& services, const http::Request& request);
  // False when he is no longer who he was: the answer is to end. Looks every few seconds, however
  // often it is called; a database that does not answer ends nothing.
  http::Awaitable<bool> holds();

 private:
  Services& services_;
  const access::Credentials credentials_;
  const access::Identity identity_;
  SteadyTime next_look_;
};

// The feed of {feed} with what this viewer may see of it. Errors: not_found, the same for a feed
// that does not exist and for one that he may not know of.
struct Seen {
  FeedPtr feed;
  access::View view;
};
Result<Seen> see(Services& services, const http::Request& request);
live::View live_view(const access::View& view);
// A delayed view moves without anything happening: it is looked at this often.
inline constexpr Duration kDelayedStep = Duration::from_ms(100);

// Query parameters. Errors: invalid, naming the parameter.
Result<std::optional<UtcTime>> time_parameter(const http::Request& request, std::string_view name);
// start and end, both required, start before end, at most `length_max` long; `instead` says what to
// do with a longer one.
Result<UtcSpan> span_parameters(const http::Request& request, Duration length_max,
                                std::string_view instead = "ask for it in pieces");
Result<std::optional<std::int64_t>> number_parameter(const http::Request& request,
                                                     std::string_view name, std::int64_t least,
                                                     std::int64_t most);
// The number in the path, such as {id}: above 0, without sign or leading zero, so that one thing
// has one address. Error: not_found.
Result<std::int64_t> path_number(const http::Request& request, std::string_view name);

// The same answer, and no cache may keep it.
http::Response uncached(http::Response response);

// An operation that needs nothing ("public") or a capability, named as in access/roles.h.
http::Operation operation(std::string id, std::string tag, std::string summary,
                          std::string access = "public");
http::Parameter time_query(std::string name, bool required, std::string description);
http::Parameter number_query(std::string name, std::string description);
template <class T>
void answers(http::Operation& described, int status = 200, std::string text = "OK") {
  described.answers[status] = {std::move(text), "application/json", json_schema<T>()};
}

// A list as every list answers. `next` is the cursor of the following page; null: all is here.
template <class T>
struct ListOf {
  std::vector<T> items;
  std::optional<std::string> next;
  BOOST_DESCRIBE_CLASS(ListOf, (), (items, next), (), ())
};

}  // namespace oriel::api

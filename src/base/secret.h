// A text that must not be seen: a camera's URL with its password, a token, a key.
#pragma once
#include <string>
#include <utility>

namespace oriel {

// Has no formatter, no stream operator, no JSON and no comparison with text, so that it can reach a
// log line, an error or an answer only through reveal(), which is easy to search for.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  bool empty() const { return value_.empty(); }
  // Only for handing to the library that connects or verifies.
  const std::string& reveal() const { return value_; }
  bool operator==(const Secret&) const = default;

 private:
  std::string value_;
};

}  // namespace oriel

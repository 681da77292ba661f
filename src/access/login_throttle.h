// Makes guessing passwords slow, per name and per address.
#pragma once
#include <cstddef>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "base/metrics.h"
#include "base/time.h"

namespace oriel::access {

// After `free_failures` the wait before the next attempt doubles from `first_wait` to `wait_max`;
// it is all forgotten `forget_after` the last attempt.
struct BackOff {
  int free_failures = 5;
  Duration first_wait = Duration::from_s(1);
  Duration wait_max = Duration::from_s(60);
  Duration forget_after = Duration::from_s(3600);
};

struct ThrottleOptions {
  // The wait of a name is short, since anyone can cause it: nobody locks the administrator out for
  // long. At one guess a minute a password of ten characters holds.
  BackOff name;
  // A museum's visitors and staff share one address.
  BackOff address{.free_failures = 30, .wait_max = Duration::from_s(900)};
  // Of names and of addresses each; past it the one untouched for longest is dropped.
  std::size_t entries_max = 10'000;
};

// Thread-safe.
class LoginThrottle {
 public:
  LoginThrottle(const Clock& clock, Metrics& metrics, ThrottleOptions options);

  // Zero: go on, and the attempt is counted as failed until succeeded() is called, so that many at
  // once are not all free. Otherwise how long to wait; nothing is counted then. An IPv6 address
  // stands for its /64, which is what one subscriber gets.
  Duration try_begin(std::string_view name, std::string_view address);
  // Takes the name's count away and one off the address. From now on this name from this address
  // does not wait for failures of the name elsewhere.
  void succeeded(std::string_view name, std::string_view address);

  // "2001:db8:1:2::5" → "2001:db8:1:2::", "::ffff:10.0.0.1" → "10.0.0.1"; what is no address stays
  // itself, at most 64 characters of it.
  static std::string address_key(std::string_view address);

 private:
  struct Failures {
    int count = 0;
    SteadyTime last;
    std::list<std::string>::iterator place;
  };
  // Bounded as ThrottleOptions says.
  struct Table {
    std::map<std::string, Failures, std::less<>> entries;
    std::list<std::string> oldest_first;
  };

  Duration wait_of(const Table& table, const BackOff& rule, const std::string& key,
                   SteadyTime now) const;
  void count_failure(Table& table, const BackOff& rule, const std::string& key, SteadyTime now);
  void touch(Table& table, const std::string& key, SteadyTime now);
  void forget(Table& table, const std::string& key);

  const Clock& clock_;
  const ThrottleOptions options_;
  Counter& refused_;
  std::mutex mutex_;
  Table names_;
  Table addresses_;
  Table proven_;  // name and address that logged in; count is not used
};

}  // namespace oriel::access

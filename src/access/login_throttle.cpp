#include "access/login_throttle.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <utility>

#include <arpa/inet.h>

namespace oriel::access {

namespace {

constexpr std::size_t kKeyMax = 64;

std::chrono::microseconds steady_length(Duration length) {
  return std::chrono::microseconds(length.us);
}

// A zero cannot be part of a name or an address key.
std::string pair_key(std::string_view name, const std::string& address) {
  return std::string(name) + '\0' + address;
}

}  // namespace

LoginThrottle::LoginThrottle(const Clock& clock, Metrics& metrics, ThrottleOptions options)
    : clock_(clock),
      options_(options),
      refused_(metrics.counter("oriel_login_attempts_refused_total",
                               "Logins that had to wait after failed ones")) {}

std::string LoginThrottle::address_key(std::string_view address) {
  std::string text(address.substr(0, kKeyMax));
  in6_addr six{};
  if (::inet_pton(AF_INET6, text.c_str(), &six) != 1) return text;
  std::array<char, INET6_ADDRSTRLEN> printed{};
  if (IN6_IS_ADDR_V4MAPPED(&six)) {
    ::inet_ntop(AF_INET, &six.s6_addr[12], printed.data(), printed.size());
  } else {
    std::memset(&six.s6_addr[8], 0, 8);
    ::inet_ntop(AF_INET6, &six, printed.data(), printed.size());
  }
  return printed.data();
}

Duration LoginThrottle::try_begin(std::string_view name, std::string_view address) {
  const auto name_key = std::string(name.substr(0, kKeyMax));
  const auto address_text = address_key(address);
  const auto now = clock_.steady();
  Duration wait;
  {
    const std::scoped_lock lock(mutex_);
    wait = wait_of(addresses_, options_.address, address_text, now);
    const auto pair = proven_.entries.find(pair_key(name_key, address_text));
    if (pair == proven_.entries.end())
      wait = std::max(wait, wait_of(names_, options_.name, name_key, now));
    if (wait <= Duration{}) {
      count_failure(names_, options_.name, name_key, now);
      count_failure(addresses_, options_.address, address_text, now);
      return Duration{};
    }
  }
  refused_.add();
  return wait;
}

void LoginThrottle::succeeded(std::string_view name, std::string_view address) {
  const auto name_key = std::string(name.substr(0, kKeyMax));
  const auto address_text = address_key(address);
  const auto now = clock_.steady();
  const std::scoped_lock lock(mutex_);
  forget(names_, name_key);
  if (const auto entry = addresses_.entries.find(address_text);
      entry != addresses_.entries.end() && --entry->second.count <= 0) {
    forget(addresses_, address_text);
  }
  touch(proven_, pair_key(name_key, address_text), now);
}

Duration LoginThrottle::wait_of(const Table& table, const BackOff& rule, const std::string& key,
                                SteadyTime now) const {
  const auto entry = table.entries.find(key);
  if (entry == table.entries.end() || entry->second.count < rule.free_failures) return Duration{};
  const auto since_us =
      std::chrono::duration_cast<std::chrono::microseconds>(now - entry->second.last).count();
  if (since_us >= rule.forget_after.us) return Duration{};
  const int doublings = std::min(entry->second.count - rule.free_failures, 30);
  const auto whole_us = std::min(rule.first_wait.us << doublings, rule.wait_max.us);
  return Duration{std::max<std::int64_t>(whole_us - since_us, 0)};
}

void LoginThrottle::count_failure(Table& table, const BackOff& rule, const std::string& key,
                                  SteadyTime now) {
  if (const auto entry = table.entries.find(key);
      entry != table.entries.end() &&
      now - entry->second.last >= steady_length(rule.forget_after)) {
    forget(table, key);
  }
  touch(table, key, now);
  ++table.entries.find(key)->second.count;
}

void LoginThrottle::touch(Table& table, const std::string& key, SteadyTime now) {
  const auto entry = table.entries.find(key);
  if (entry != table.entries.end()) {
    entry->second.last = now;
    table.oldest_first.splice(table.oldest_first.end(), table.oldest_first, entry->second.place);
    return;
  }
  if (!table.entries.empty() && table.entries.size() >= options_.entries_max)
    forget(table, std::string(table.oldest_first.front()));
  table.oldest_first.push_back(key);
  table.entries.emplace(key, Failures{0, now, std::prev(table.oldest_first.end())});
}

void LoginThrottle::forget(Table& table, const std::string& key) {
  const auto entry = table.entries.find(key);
  if (entry == table.entries.end()) return;
  table.oldest_first.erase(entry->second.place);
  table.entries.erase(entry);
}

}  // namespace oriel::access

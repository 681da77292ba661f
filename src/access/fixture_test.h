// What the tests of this folder stand on: a real database, and a clock that stands still.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "access/accounts.h"
#include "access/authenticator.h"
#include "access/identity_cache.h"
#include "access/sessions.h"
#include "access/tokens.h"
#include "base/temp_folder.h"
#include "store/database.h"
#include "store/testing.h"

namespace oriel::access {

inline const Secret kPassword("correct horse 马");

inline AccountOptions quick_accounts() {
  AccountOptions options;
  options.cost = PasswordCost::minimal();
  return options;
}

class AccessTest : public testing::Test {
 protected:
  static std::unique_ptr<store::Database> open(const TempFolder& folder, Metrics& metrics) {
    auto database = store::open_database(store::test::database_url(folder.path()), metrics);
    EXPECT_TRUE(database) << database.error().message;
    return std::move(*database);
  }
  UserId add(const std::string& name, Role role = Role::viewer) {
    auto id = accounts_.add(name, kPassword, role);
    EXPECT_TRUE(id) << id.error().message;
    return id.value_or(UserId{});
  }
  std::int64_t number(const std::string& sql) {
    std::int64_t value = -1;
    EXPECT_TRUE(database_->read([&](store::Session& session) {
      return session.query(sql, {}, [&](const store::Row& row) { value = row.integer(0); });
    }));
    return value;
  }

  TempFolder folder_;
  Metrics metrics_;
  ManualClock clock_{UtcTime{1'800'000'000'000'000}};
  std::unique_ptr<store::Database> database_ = open(folder_, metrics_);
  IdentityCache cache_{clock_, metrics_};
  Accounts accounts_{*database_, cache_, clock_, metrics_, quick_accounts()};
  Sessions sessions_{*database_, cache_, clock_, {}};
  ApiTokens tokens_{*database_, cache_, clock_};
};

template <class T>
std::optional<ErrorKind> kind(const Result<T>& result) {
  if (result) return std::nullopt;
  return result.error().kind;
}

}  // namespace oriel::access

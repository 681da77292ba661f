// Who is asking.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "access/roles.h"
#include "base/ids.h"

namespace oriel::access {

// Default-made: a visitor.
struct Identity {
  std::optional<UserId> account;
  std::string name;  // of the account; empty for a visitor
  Role role = Role::visitor;
  // Of the token that was shown; nullopt: not by token, no limit but the role.
  std::optional<std::vector<Scope>> scopes;
  bool operator==(const Identity&) const = default;
};

// The only question to ask of an identity; nobody compares roles himself.
bool may(const Identity& identity, Capability capability);

}  // namespace oriel::access

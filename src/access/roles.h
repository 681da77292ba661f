// Who may do what: roles, capabilities and scopes, in one table.
#pragma once
#include <cstdint>
#include <string_view>

#include <boost/mp11/list.hpp>

#include "access/named_enum.h"

namespace oriel::access {

// Ordered: each role may all that the ones before it may. Stored in the database by number: never
// renumber, only append; a role that belongs between two others needs a migration.
enum class Role : std::uint8_t {
  visitor,        // nobody we know; no account has it
  viewer,         // a partner or colleague: sees what is not public
  curator,        // makes works and walls of what is seen
  operator_,      // runs the cameras
  administrator,  // and the accounts
};
static_assert(static_cast<int>(Role::administrator) == 4);

// In JSON viewer, curator, operator, administrator; visitor is absence.
inline auto boost_enum_descriptor_fn(Role**) {
  return boost::mp11::mp_list<
      NamedValue<Role::viewer, "viewer">, NamedValue<Role::curator, "curator">,
      NamedValue<Role::operator_, "operator">, NamedValue<Role::administrator, "administrator">>{};
}

// A number from the database; one that is no role gives visitor, and with it no right.
Role role_of(std::int64_t number);

// For the log and the page; "visitor" too.
std::string_view to_string(Role role);

// What an API token may be limited to. Stored by name.
enum class Scope : std::uint8_t {
  feeds_read,
  feeds_write,
  media_read,
  works_write,
  walls_write,
  health_read,
  accounts_write,
};
inline auto boost_enum_descriptor_fn(Scope**) {
  return boost::mp11::mp_list<
      NamedValue<Scope::feeds_read, "feeds:read">, NamedValue<Scope::feeds_write, "feeds:write">,
      NamedValue<Scope::media_read, "media:read">, NamedValue<Scope::works_write, "works:write">,
      NamedValue<Scope::walls_write, "walls:write">, NamedValue<Scope::health_read, "health:read">,
      NamedValue<Scope::accounts_write, "accounts:write">>{};
}

enum class Capability : std::uint8_t {
  see_private_feeds,  // that they exist, their state and place
  watch_private,      // media of private feeds; of public ones without delay and with sound
  contribute_works,   // drafts of Works and their files; one's own drafts only
  make_works,         // all Works: change, publish, withdraw; parties and terms
  manage_walls,
  see_true_place,  // where a coarser one is published
  watch_withheld,
  operate_feeds,     // add, test, pause, change, remove
  withhold,          // and release
  hold,              // keep a span from every deletion, and release it
  manage_retention,  // what is deleted when, and by whom
  see_health,        // disks, screens, metrics
  manage_accounts,
};
inline constexpr int kCapabilities = static_cast<int>(Capability::manage_accounts) + 1;

struct Requirement {
  Capability capability;
  Role role;    // this one or higher
  Scope scope;  // and, for a token, this one
};

// The one table.
const Requirement& requirement(Capability capability);

}  // namespace oriel::access

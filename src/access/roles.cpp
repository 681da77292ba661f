#include "access/roles.h"

#include <array>
#include <cstddef>

#include "base/result.h"

namespace oriel::access {

namespace {

constexpr std::array<Requirement, kCapabilities> kRequirements = {{
    {Capability::see_private_feeds, Role::viewer, Scope::feeds_read},
    {Capability::watch_private, Role::viewer, Scope::media_read},
    {Capability::contribute_works, Role::viewer, Scope::works_write},
    {Capability::make_works, Role::curator, Scope::works_write},
    {Capability::manage_walls, Role::curator, Scope::walls_write},
    {Capability::see_true_place, Role::operator_, Scope::feeds_read},
    {Capability::watch_withheld, Role::operator_, Scope::media_read},
    {Capability::operate_feeds, Role::operator_, Scope::feeds_write},
    {Capability::withhold, Role::operator_, Scope::feeds_write},
    {Capability::hold, Role::operator_, Scope::feeds_write},
    {Capability::manage_retention, Role::administrator, Scope::feeds_write},
    {Capability::see_health, Role::operator_, Scope::health_read},
    {Capability::manage_accounts, Role::administrator, Scope::accounts_write},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kRequirements.size(); ++i)
    if (static_cast<std::size_t>(kRequirements[i].capability) != i) return false;
  return true;
}
static_assert(in_order(), "the table is indexed by capability");

}  // namespace

Role role_of(std::int64_t number) {
  if (number < 0 || number > static_cast<std::int64_t>(Role::administrator)) return Role::visitor;
  return static_cast<Role>(number);
}

std::string_view to_string(Role role) {
  switch (role) {
    case Role::visitor:
      return "visitor";
    case Role::viewer:
      return "viewer";
    case Role::curator:
      return "curator";
    case Role::operator_:
      return "operator";
    case Role::administrator:
      return "administrator";
  }
  return "visitor";
}

const Requirement& requirement(Capability capability) {
  const auto index = static_cast<std::size_t>(capability);
  ORIEL_CHECK(index < kRequirements.size());
  return kRequirements[index];
}

}  // namespace oriel::access

#include "access/identity.h"

#include <algorithm>

namespace oriel::access {

bool may(const Identity& identity, Capability capability) {
  const auto& required = requirement(capability);
  if (identity.role < required.role) return false;
  return !identity.scopes ||
         std::ranges::find(*identity.scopes, required.scope) != identity.scopes->end();
}

}  // namespace oriel::access

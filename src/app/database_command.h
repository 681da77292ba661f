// Commands about the database.
#pragma once
#include <string>

#include "app/config.h"

namespace oriel::app {

// Copies the configuration's database into an empty one: an address, or @FILE whose first line is
// the address. Progress goes to standard error. Status 0: copied and counted; 1: not.
int copy_database(const Config& config, const std::string& to);

}  // namespace oriel::app

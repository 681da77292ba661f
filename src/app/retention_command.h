// `oriel archive retention`: what the rules would delete or thin now. Changes nothing.
#pragma once
#include "app/config.h"

namespace oriel::app {

// Prints to standard output, errors to standard error; gives the exit status. May run beside the
// server.
int show_retention(const Config& config);

}  // namespace oriel::app

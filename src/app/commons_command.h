// Commands about the commons.
#pragma once
#include "app/config.h"

namespace oriel::app {

// Makes the search index again from the database, while the program is stopped. Progress goes to
// standard error. Status 0: made; 1: not, and the old index stands.
int reindex_commons(const Config& config);

}  // namespace oriel::app

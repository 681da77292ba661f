// The command that says what a file of the archive is.
#pragma once
#include <string>

namespace oriel::app {

// What a recording's file says by itself, and what the seals and the journal of the volume that it
// lies on say of it; without configuration or database; nothing is changed. Status 0: whole; 1: it
// is not what was written, or its end is torn; 2: it is no recording, or cannot be read.
int inspect_recording(const std::string& path);

}  // namespace oriel::app

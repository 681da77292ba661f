// Why something began, ended or is missing: one vocabulary for runs, gaps, states and the coverage.
#pragma once
#include <boost/describe/enum.hpp>

namespace oriel::media {

enum class Reason : unsigned char {
  none,                // nothing is wrong
  starting,            // not connected yet since the program or the feed started
  link_down,           // unreachable, or the connection broke
  refused,             // reachable, but it would not give the stream (password, no such path)
  not_a_stream,        // answered with something that is no stream we know
  silent,              // connected, but nothing arrives
  faulty_picture,      // arrives, but cannot be decoded or packaged
  parameters_changed,  // codec, size or parameter sets changed: one run ends, the next begins
  clock_jumped,        // the camera's clock or ours jumped further than a run can mend
  length_reached,      // a recording is full and the next one follows without a gap
  paused,              // by a person
  server_stopped,      // ordered stop
  server_crashed,      // found open at start
  disk_behind,         // the shared write buffer was full
  disk_full,
  disk_failed,  // the volume is absent, read-only or returns errors
  damaged,      // stored bytes are gone or wrong
  withheld,
  deleted,  // by a rule or a person
};
BOOST_DESCRIBE_ENUM(Reason, none, starting, link_down, refused, not_a_stream, silent,
                    faulty_picture, parameters_changed, clock_jumped, length_reached, paused,
                    server_stopped, server_crashed, disk_behind, disk_full, disk_failed, damaged,
                    withheld, deleted)

// Stored in databases and files by number: never renumber, only append.
static_assert(static_cast<int>(Reason::deleted) == 18);

}  // namespace oriel::media

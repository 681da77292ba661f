// Commands about the archive: what is in it, whether it is what was written, and how to make its
// database again.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "app/config.h"

namespace oriel::app {

// Each prints to standard output, errors and progress to standard error, and gives the exit status.
int list_recordings(const Config& config, const std::string& feed, std::size_t count_max);
// Each volume: state, room, what lies on it, and how far it is drained.
int list_volumes(const Config& config);

struct VerifyRequest {
  std::string feed;   // empty: all
  std::string start;  // RFC 3339; empty: from the first
  std::string end;
  double megabytes_per_second = 50;
  bool fast = false;  // no pace
  std::vector<std::string> copies;
};
// Status 0: all is what was written; 1: something is damaged, missing or wrongly sealed; 2: it
// could not be told.
int verify_archive(const Config& config, const VerifyRequest& request);

struct RebuildRequest {
  bool replace = false;  // an existing database is put aside
  bool quick = false;    // the journals' word for the bytes
};
// Makes the database again from the volumes, beside the old one, and puts it in its place. Status
// 0: all was there; 1: made, and there is something to look at; 2: not made.
int rebuild_archive(const Config& config, const RebuildRequest& request);

// The public half of the node's key.
int show_key(const Config& config);

}  // namespace oriel::app

// Commands about clips and what proves them.
#pragma once
#include <string>

#include "app/config.h"

namespace oriel::app {

struct ExportRequest {
  std::string feed;
  std::string start;  // RFC 3339
  std::string end;
  std::string out;     // the file to make; it must not exist
  bool proof = false;  // a tar with the proof instead of an MP4 alone
};
// Status 0: made; 1: not, and no file is left. What is withheld is left out.
int export_clip(const Config& config, const ExportRequest& request);

// Checks a proof, a tar or the folder with what was in it, without configuration or database.
// `key`: 64 hexadecimal digits, or a PEM file; empty: whose key signed is only told. Status 0: all
// of it holds; 1: something does not; 2: it could not be read.
int check_clip_proof(const std::string& path, const std::string& key);

}  // namespace oriel::app

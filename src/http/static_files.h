// The built web pages, held in memory.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"

namespace oriel::http {

struct StaticFilesOptions {
  std::uint64_t file_bytes_max = 32u << 20;
  std::uint64_t total_bytes_max = 256u << 20;
  std::size_t count_max = 10'000;
};

// "application/json; charset=utf-8" for "x.json"; application/octet-stream when unknown.
std::string_view content_type_of(std::string_view file_name);

// A folder read once. Only regular files that were there are ever served, by exact name: no
// listing, no symbolic link that leads out, nothing hidden (".x").
class StaticFiles {
 public:
  // Blocks. `name.gz` beside `name` is sent to who accepts gzip. Errors: not_found, exhausted (over
  // a bound), denied.
  static Result<StaticFiles> load(const std::string& folder, StaticFilesOptions options = {});

  // `path` as in Request.path.text: "/assets/app-1a2b3c4d.js"; "/" is "/index.html". Nullopt when
  // there is no such file. ETag, ranges and HEAD are handled; a name with a hash of 8 or more
  // characters before its extension under assets/ is immutable for a year, everything else is
  // no-cache.
  std::optional<Response> find(const Request& request, std::string_view path) const;
  // The file itself, for pages that the program fills in. Nullopt when there is none.
  std::optional<std::string> text(std::string_view path) const;
  std::size_t count() const { return files_.size(); }

 private:
  struct File {
    SharedBytes bytes;
    SharedBytes gzip;  // may be null
    std::string etag;
    std::string gzip_etag;
    std::string content_type;
    bool immutable = false;
  };
  std::map<std::string, File, std::less<>> files_;  // by path with its first '/'
};

}  // namespace oriel::http

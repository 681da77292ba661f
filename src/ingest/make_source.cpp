#include "ingest/make_source.h"

#include "ingest/file_source.h"
#include "ingest/libav_source.h"

namespace oriel::ingest {

std::unique_ptr<Source> make_source(const SourceUrl& url, const Clock& clock) {
  if (url.scheme() == SourceScheme::file) return std::make_unique<FileSource>(url, clock);
  return std::make_unique<LibavSource>(url, clock);
}

}  // namespace oriel::ingest

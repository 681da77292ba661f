// The one place that chooses how a URL is read.
#pragma once
#include <memory>

#include "base/time.h"
#include "ingest/source.h"
#include "ingest/source_url.h"

namespace oriel::ingest {

// `clock` is borrowed for the source's life.
std::unique_ptr<Source> make_source(const SourceUrl& url, const Clock& clock);

}  // namespace oriel::ingest

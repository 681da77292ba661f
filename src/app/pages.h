// The built web pages as routes.
#pragma once
#include "http/router.h"
#include "http/static_files.h"

namespace oriel::app {

// `files` outlives the router.
void add_pages(http::Router& router, const http::StaticFiles& files);

}  // namespace oriel::app

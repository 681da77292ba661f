// The built web pages as routes.
#pragma once
#include <string>

#include "http/offload.h"
#include "http/router.h"
#include "http/static_files.h"

namespace oriel::app {

// `files` outlives the router.
void add_pages(http::Router& router, const http::StaticFiles& files);

// Local map tiles, `folder`/{z}/{x}/{y}.png, at /tiles/{z}/{x}/{y}.png. `offload` outlives the
// router.
void add_tiles(http::Router& router, const std::string& folder, http::Offload& offload);

}  // namespace oriel::app

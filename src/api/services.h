// What the endpoints call. Everything here outlives the router.
#pragma once
#include <string>

#include "access/accounts.h"
#include "access/authenticator.h"
#include "access/policy_book.h"
#include "access/sessions.h"
#include "access/tokens.h"
#include "api/feeds.h"
#include "archive/archive.h"
#include "base/metrics.h"
#include "base/signing.h"
#include "base/time.h"
#include "commons/house.h"
#include "http/offload.h"
#include "http/router.h"
#include "image/pictures.h"
#include "notify/alarm_book.h"
#include "notify/post_office.h"
#include "store/database.h"

namespace oriel::api {

struct WindowSettings {
  LocalisedText name;
  std::string version;
  bool demonstration = false;
  PublicKey node_key;  // what this node signs with
  // "window.example": how browsers name us where a proxy asks under another name; empty: by Host.
  std::string public_authority;
  // Who may read /metrics: it names feeds that are not public.
  std::string metrics_access = "see_health";
  std::string tiles;  // folder of local map tiles; empty: none
  // "https://window.example", where the configuration says so; empty: by Host.
  std::string public_url;
  std::string licence;       // of what is recorded; empty: all rights reserved
  std::string moment_page;   // the built page of /m/; empty: a plain one
  std::string work_page;     // that of /works/; empty: a plain one
  std::string exhibit_page;  // that of /exhibit/; empty: a plain one
  std::string contact;       // mail address of who answers for this node; may be empty
};

class SegmentFiles;
class StillCache;
class FilmShelf;
class ScreenBook;

struct Services {
  FeedDirectory& feeds;
  archive::Archive& archive;
  notify::AlarmBook& alarms;
  notify::PostOffice& post_office;
  PictureWorkers& pictures;
  image::Pictures& images;
  StillCache& stills;
  FilmShelf& films;
  SegmentFiles& segment_files;
  ScreenBook& screens;
  access::PolicyBook& policies;
  access::Accounts& accounts;
  access::Sessions& sessions;
  access::ApiTokens& tokens;
  access::Authenticator& authenticator;
  store::Database& database;
  commons::House& commons;
  http::Offload& offload;  // disks and SQL
  http::Offload& slow;     // passwords, feeds, connection tests
  // Stills: visitors may ask for more than can be made, and a login must not wait behind them.
  http::Offload& still_makers;
  // What is cut, summed up and imported for the shelf: minutes, and nobody is to wait behind it.
  http::Offload& shelving;
  const Clock& clock;
  Metrics& metrics;
  const WindowSettings& window;
};

// Each adds the routes of one subject.
void add_live_routes(http::Router& router, Services& services);
void add_past_routes(http::Router& router, Services& services);
void add_moment_routes(http::Router& router, Services& services);
void add_film_routes(http::Router& router, Services& services);
void add_feed_routes(http::Router& router, Services& services);
void add_recording_routes(http::Router& router, Services& services);
void add_desk_routes(http::Router& router, Services& services);
void add_account_routes(http::Router& router, Services& services);
void add_retention_routes(http::Router& router, Services& services);
void add_wall_routes(http::Router& router, Services& services);
void add_alarm_routes(http::Router& router, Services& services);
void add_trust_routes(http::Router& router, Services& services);
void add_work_routes(http::Router& router, Services& services);
void add_moment_work_routes(http::Router& router, Services& services);
void add_party_routes(http::Router& router, Services& services);
void add_work_page(http::Router& router, Services& services);
void add_rights_routes(http::Router& router, Services& services);
void add_exchange_routes(http::Router& router, Services& services);
void add_saved_search_routes(http::Router& router, Services& services);
void add_import_routes(http::Router& router, Services& services);
void add_iiif_image_routes(http::Router& router, Services& services);
void add_iiif_presentation_routes(http::Router& router, Services& services);
void add_file_routes(http::Router& router, Services& services);
void add_imprint_routes(http::Router& router, Services& services);
void add_operation_routes(http::Router& router, Services& services);
// Finds out who asks, and refuses what the operation's `access` does not allow him.
void add_guard(http::Router& router, Services& services);

}  // namespace oriel::api

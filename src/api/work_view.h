// A Work as the API gives it: with its address, and what is known of its files.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "api/services.h"
#include "commons/work.h"
#include "http/message.h"

namespace oriel::api {

struct WorkFile : commons::HeldFile {
  std::int64_t bytes = 0;
  std::string type;
  std::string url;  // to the bytes; "": withheld
  // To a copy with the credits inside; "": its format has no place for them.
  std::string credits_url;
};
BOOST_DESCRIBE_STRUCT(WorkFile, (commons::HeldFile), (bytes, type, url, credits_url))

// What is told of one that is no more in public, in the problem that its address answers with.
struct WorkTombstone {
  std::string id;
  commons::WorkKind kind = commons::WorkKind::image;
  commons::WorkState state = commons::WorkState::deleted;
  commons::LocalisedText title;
  UtcTime since;
  std::string note;
};
BOOST_DESCRIBE_STRUCT(WorkTombstone, (), (id, kind, state, title, since, note))

WorkTombstone tombstone_of(const commons::Work& work);

// For who may see all of it. Blocks. Errors: of the database.
Result<json::value> view_of(const Services& services, const http::Request& request,
                            const commons::Work& work);
// Its schema, and that of a list of them.
json::value work_schema();
json::value work_list_schema();

// Content-Disposition: shown in the browser or saved, under `name`.
std::string disposition_of(bool shown, std::string_view name);

// A problem (RFC 9457) with a member of its own.
http::Response problem_with(int status, std::string_view detail, std::string_view member,
                            json::value value);

}  // namespace oriel::api

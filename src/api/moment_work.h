// From a moment to a Work: what is asked for, and the draft that is made of it.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "api/services.h"
#include "commons/work.h"
#include "http/message.h"

namespace oriel::api {

struct MomentWorkForm {
  std::string feed;
  UtcTime start;
  UtcTime end;  // equal to start: a still
  commons::LocalisedText title;
  commons::LocalisedText about;
  std::vector<commons::Maker> makers;
  std::vector<std::string> stewards;
  std::string credit;   // empty: this window and the place
  std::string licence;  // URI; empty: the feed's
  std::vector<std::string> terms;
  std::optional<commons::Ages> audience;
};
BOOST_DESCRIBE_STRUCT(MomentWorkForm, (),
                      (feed, start, end, title, about, makers, stewards, credit, licence, terms,
                       audience))

// The draft, for who asks in `request`; the clip or still is cut and shelved. Blocks for as long as
// that takes. Errors: invalid (the form), not_found (the feed; nothing is recorded there), those of
// the shelf and the database.
Result<commons::Work> work_of_moment(Services& services, http::Request& request,
                                     const MomentWorkForm& form);

}  // namespace oriel::api

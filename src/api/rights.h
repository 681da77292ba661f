// What stands against publishing a Work.
#pragma once
#include <string>
#include <vector>

#include "api/services.h"
#include "commons/ids.h"
#include "commons/licence_chain.h"
#include "http/message.h"

namespace oriel::api {

struct ClashView {
  std::string work;  // ids
  std::string source;
  commons::ClashReason reason = commons::ClashReason::unknown_licence;
  std::string en;
  std::string zh;
};
BOOST_DESCRIBE_STRUCT(ClashView, (), (work, source, reason, en, zh))

// The Work of {id}, that he may see all of, and all it came from. A source that he may not see
// keeps its credit, since whoever takes the Work must give it, but has no address and no id.
// Blocks. Errors: not_found, as commons::load_chain.
Result<commons::Chain> credited_chain(const Services& services, const http::Request& request,
                                      const std::string& language);

// Of the Work and all it came from, its own links first. Blocks. Errors: as commons::load_chain.
Result<std::vector<ClashView>> clashes_of(const Services& services, const http::Request& request,
                                          const commons::WorkId& id);

}  // namespace oriel::api

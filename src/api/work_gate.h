// Who may see and change which Work and file. Every route that lets them out passes it.
//
// The public sees what is published. Of what was published and is no more it is told so; of a
// draft nothing. Who may make_works sees all; who may contribute_works also his own drafts. A Work
// cut from a moment that is withheld, or made of such a Work, keeps its page, and its files are
// for those who may watch what is withheld: nothing is stored for that, it is asked each time.
#pragma once
#include <string>
#include <vector>

#include "access/identity.h"
#include "api/services.h"
#include "base/result.h"
#include "commons/work.h"

namespace oriel::api {

enum class WorkSight {
  none,  // as if it were not there
  gone,  // it was in public; what it was may be told
  full,
};
WorkSight sight_of(const commons::Work& work, const access::Identity& identity);

bool may_change(const commons::Work& work, const access::Identity& identity);

// Whether its files are withheld from him. Blocks. Errors: of the database.
Result<bool> is_withheld(const Services& services, const commons::Work& work,
                         const access::Identity& identity);

struct FileSight {
  bool allowed = false;
  bool is_public = false;  // everyone may have it, and caches may keep it
};
// Blocks. A file is seen through the Works that hold it, and withheld when one of them is; one that
// no Work holds yet is for those who contribute.
Result<FileSight> sight_of_file(const Services& services, const std::string& sha256,
                                const access::Identity& identity);

// What somebody says in a Work that he writes, over the version `old` or new (nullptr): the moment
// stays what it was cut from, and a file is one that he may have. Blocks. Errors: invalid, denied,
// of the database.
Result<void> check_claims(const Services& services, const access::Identity& identity,
                          const commons::Work* old, commons::WorkContent& content);

// What one who contributes and is no curator may have at once: kDraftsMax Works that are not in
// public, each changed kVersionsMax times, and the bytes of Shelf::kAccountBytesMax, with `bytes`
// that are to come. Blocks. Errors: denied, of the database.
inline constexpr std::int64_t kDraftsMax = 500;
inline constexpr std::int64_t kVersionsMax = 1'000;
Result<void> check_room(const Services& services, const access::Identity& identity,
                        std::int64_t bytes);
Result<void> check_drafts(const Services& services, const access::Identity& identity);
Result<void> check_versions(const commons::Work& work, const access::Identity& identity);

// What is asked before a Work that shows moments is published. Blocks. Errors: conflict (of a feed
// with a delay it shows what the public does not see yet), of the database.
struct MomentsAsked {
  std::vector<std::string> private_feeds;  // that the public does not see, or that are no more
};
Result<MomentsAsked> ask_moments(const Services& services, const commons::Work& work);

}  // namespace oriel::api

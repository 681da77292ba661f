// Licences and credits along a chain of derivation: what a Work was made from, what that was made
// from, and so on. Pure functions over a graph that the caller has loaded.
//
// Two ways of using a source. What *adapts* changes it (a translation, a cut, a drawing after a
// picture): its licence must fit the source's. What *collects* keeps it whole inside something
// larger (a clip in a lesson): the part keeps its own licence, the whole can be used only as far as
// every part allows. Sources: the compatibility chart and the list of compatible licences of
// Creative Commons (CC FAQ "Combining and adapting CC material"; BY-SA 4.0 to FAL 1.3 and, one way,
// GPLv3), section 1 and 4 of the licences' own texts for versions.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <boost/describe.hpp>

#include "commons/licence.h"
#include "commons/text.h"

namespace oriel::commons {

enum class Derivation { adapts, collects };
BOOST_DESCRIBE_ENUM(Derivation, adapts, collects)

struct ChainSource {
  std::size_t work = 0;  // its place in the chain
  Derivation derivation = Derivation::adapts;
  // Whoever made the derived Work holds the rights of this source too, or has the holder's consent
  // on record: no licence is needed then, and only what is known of it is credited.
  bool permitted = false;
};

struct ChainWork {
  std::string id;
  LocalisedText titles;
  std::vector<std::string> makers;  // in the order they are named
  std::string licence;              // as given: URI or id; may be one nobody knows
  std::string address;              // where it is found; http(s) or empty
  LocalisedText changes;            // what was changed of the sources, in the maker's words
  std::vector<ChainSource> sources;
};

// A Work and all it came from; the Work itself is the first. At most kChainWorksMax.
using Chain = std::vector<ChainWork>;
inline constexpr std::size_t kChainWorksMax = 100'000;

enum class ClashReason {
  unknown_licence,  // of the Work itself, or of a source
  not_permitted,    // the source gives no permission that everyone has
  no_derivatives,
  not_commercial,
  share_alike,
  credit_lost,  // the source asks for credit, the licence of what was made from it does not
  contains_itself,
};
BOOST_DESCRIBE_ENUM(ClashReason, unknown_licence, not_permitted, no_derivatives, not_commercial,
                    share_alike, credit_lost, contains_itself)

struct Clash {
  std::size_t work = 0;    // the one whose licence does not fit
  std::size_t source = 0;  // what it does not fit; the Work itself when its own licence is unknown
  ClashReason reason = ClashReason::unknown_licence;
  std::string en;  // one sentence that names the source, its licence, why, and a way out
  std::string zh;
};

// All that stands against publishing the first Work, its own links first. Each Work is compared
// with what it was directly made from: whoever took something over under a licence that fits may
// pass it on under that. Errors: invalid (a source that is no place of the chain; too many Works).
Result<std::vector<Clash>> find_clashes(const Chain& chain);

// Whether what adapts `source` may be given out under `target`; the reason when not.
std::optional<ClashReason> adapting_clash(const Licence& source, const Licence& target);
// The same for keeping it whole inside something else.
std::optional<ClashReason> collecting_clash(const Licence& source);

// What one may do with the first Work as it is, with all that is whole inside it.
struct WholeTerms {
  bool may_share = true;
  bool may_adapt = true;
  bool may_sell = true;
  bool asks_credit = false;
  bool asks_share_alike = false;
  // The Works that take away the permission of each kind; the first Work may be among them.
  std::vector<std::size_t> bars_sharing;
  std::vector<std::size_t> bars_adapting;
  std::vector<std::size_t> bars_selling;
};

// Errors: as find_clashes.
Result<WholeTerms> whole_terms(const Chain& chain);

// The licences that the first Work could be given so that nothing of its sources stands against it,
// of common_licences(); empty when a source must go or its holder be asked. Errors: as above.
Result<std::vector<Licence>> fitting_licences(const Chain& chain);

}  // namespace oriel::commons

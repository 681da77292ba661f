// A Work as the IIIF Presentation API 3.0 has it: JSON of values, without I/O.
#pragma once
#include <string>
#include <vector>

#include "base/json.h"
#include "commons/work.h"

namespace oriel::api {

inline constexpr std::string_view kPresentationContext =
    "http://iiif.io/api/presentation/3/context.json";

// A file that becomes a canvas: a picture, a film or a sound, with its dimensions.
struct PresentedFile {
  commons::HeldFile held;
  commons::File file;
};

struct PresentedParty {
  std::string id;
  commons::LocalisedText name;
  std::string homepage;  // may be empty
};

struct Presented {
  std::string origin;  // "https://window.example"
  const commons::Work& work;
  std::vector<PresentedFile> shown;     // in order
  std::vector<PresentedFile> captions;  // WebVTT, of the films and sounds
  std::vector<PresentedFile> taken;     // the originals, whatever they are
  std::vector<commons::LocalisedText> makers;
  std::vector<PresentedParty> providers;
  commons::LocalisedText credit;     // plain; empty: none is asked
  std::vector<std::string> holders;  // WorkIds of what it is a part of
};

// A part of a Work that holds parts.
struct PresentedPart {
  std::string id;
  commons::LocalisedText title;
  bool collection = false;  // it holds parts itself
};

// Whether a file can be a canvas.
bool is_presented(const commons::File& file);
// `shown` has at least one.
json::object manifest_of(const Presented& presented);
json::object collection_of(const Presented& presented, const std::vector<PresentedPart>& parts);

}  // namespace oriel::api

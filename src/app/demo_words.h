// What the demonstration's commons says, in English and Chinese: parties, texts, lessons.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "commons/text.h"
#include "commons/work.h"
#include "demo/plateau.h"

namespace oriel::app {

inline const std::string kInstitution = "Plateau Window (demonstration)";
inline const std::string kFieldStation = "Field Station";
inline const std::string kDrawingRoom = "Drawing Room";
inline const std::string kClassroom = "Classroom";

struct PartyWords {
  commons::LocalisedText name;
  commons::LocalisedText about;
  std::string within;  // English name of the one above; "": none
};
// Those above before those within them.
std::vector<PartyWords> demo_parties();

commons::LocalisedText animal_words(const demo::SpeciesFacts& facts);
commons::LocalisedText sheet_about();
commons::LocalisedText counts_about();
commons::LocalisedText sound_about();
commons::LocalisedText moment_about(const demo::Area& area);

// WorkIds of what lessons are composed of.
struct TeachingWorks {
  std::vector<std::string> clips, stills, sounds;
  std::map<std::string, std::string> animals;  // by the slug of their English name
  std::string counts, sheet;
  std::string feed;
};
struct Teaching {
  std::string key;
  demo::Species cover = demo::Species::kiang;
  commons::WorkContent content;  // kind, words, pages; who made it comes with the rest
};
// Two lessons and an exhibit; blocks whose Work is not there are left out.
std::vector<Teaching> demo_teaching(const TeachingWorks& works);

}  // namespace oriel::app

// The twelve areas of the simulated plateau: where they are, what they look like, who lives there.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace oriel::demo {

struct LocalName {
  std::string_view en;
  std::string_view zh;
};

enum class Sector { sanjiangyuan, qinghai_lake, qilian_mountains, qaidam_basin, hehuang_valley };

struct SectorPlace {
  Sector sector;
  std::string_view id;
  LocalName name;
};

enum class Landscape {
  great_lake,       // open water to the far shore
  snow_peak,        // a glaciated dome above a gravel plain
  railway_bridge,   // high tundra crossed by the Qinghai-Tibet railway
  wetland,          // ponds and sedge below green hills
  canyon,           // red walls over the young Mekong
  grassland,        // steppe to low ridges
  granite_peaks,    // jagged spires over a small lake
  braided_river,    // gravel channels between hills
  horse_plain,      // a wide dry plain under rolling hills
  alpine_meadow,    // hummocky meadow below the Qilian snow line
  salt_lake_shore,  // the blue lake and its beach
  desert,           // yardangs and salt pan
};

// How an animal moves through the picture; decides its drawing and its paths.
enum class Habit { grazing, hunting, wading, swimming, flying, soaring };

enum class Species : std::uint8_t {
  tibetan_antelope,
  kiang,
  wild_yak,
  domestic_yak,
  przewalskis_gazelle,
  tibetan_gazelle,
  goitered_gazelle,
  blue_sheep,
  white_lipped_deer,
  wolf,
  tibetan_fox,
  snow_leopard,
  black_necked_crane,
  bar_headed_goose,
  whooper_swan,
  ruddy_shelduck,
  brown_headed_gull,
  great_cormorant,
  upland_buzzard,
  himalayan_griffon,
  golden_eagle,
};

struct SpeciesFacts {
  Species species;
  std::string_view latin;
  LocalName common;
  Habit habit;
  double height_m;       // at the shoulder; birds: standing height, soaring birds: wing span
  double speed_m_s;      // its usual pace
  std::uint16_t months;  // bit 0 January … bit 11 December: when it is on the plateau's breeding
                         // or wintering grounds that the areas show
};

// A species of one area and how often it passes: the share of quarter hours in which it comes.
struct Resident {
  Species species;
  double share;
  int group_max;
};

struct Area {
  std::string_view id;
  LocalName name;
  Sector sector;
  double latitude_deg;  // approximate, public
  double longitude_deg;
  double elevation_m;
  double heading_deg;  // where the camera looks, clockwise from north
  Landscape landscape;
  bool has_sound;
  std::span<const Resident> residents;
};

inline constexpr std::string_view kTimeZone = "Asia/Shanghai";
inline constexpr int kAreaCount = 12;

// Static data; the views stay valid for the life of the program.
std::span<const Area, kAreaCount> areas();
std::span<const SectorPlace, 5> sectors();
const SectorPlace& sector_place(Sector sector);
const SpeciesFacts& facts(Species species);
// Null when no area has that id.
const Area* find_area(std::string_view id);
// 0 … kAreaCount - 1, the place of `area` in areas().
int index_of(const Area& area);

}  // namespace oriel::demo

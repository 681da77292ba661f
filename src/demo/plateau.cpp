#include "demo/plateau.h"

#include "base/result.h"

namespace oriel::demo {
namespace {

constexpr std::uint16_t kAllYear = 0xfff;
constexpr std::uint16_t months(int first, int last) {
  std::uint16_t mask = 0;
  for (int m = first;; m = m % 12 + 1) {
    mask = static_cast<std::uint16_t>(mask | (1u << (m - 1)));
    if (m == last) break;
  }
  return mask;
}

constexpr SectorPlace kSectors[] = {
    {Sector::sanjiangyuan, "sanjiangyuan", {"Sanjiangyuan", "三江源"}},
    {Sector::qinghai_lake, "qinghai-lake", {"Qinghai Lake", "青海湖"}},
    {Sector::qilian_mountains, "qilian-mountains", {"Qilian Mountains", "祁连山"}},
    {Sector::qaidam_basin, "qaidam-basin", {"Qaidam Basin", "柴达木盆地"}},
    {Sector::hehuang_valley, "hehuang-valley", {"Hehuang Valley", "河湟谷地"}},
};

using S = Species;
using H = Habit;
// Heights and months after Smith & Xie, "A Guide to the Mammals of China" (2008), and MacKinnon &
// Phillipps, "A Field Guide to the Birds of China" (2000), rounded.
constexpr SpeciesFacts kFacts[] = {
    {S::tibetan_antelope,
     "Pantholops hodgsonii",
     {"Tibetan antelope", "藏羚羊"},
     H::grazing,
     0.84,
     1.1,
     kAllYear},
    {S::kiang, "Equus kiang", {"Kiang", "藏野驴"}, H::grazing, 1.36, 1.2, kAllYear},
    {S::wild_yak, "Bos mutus", {"Wild yak", "野牦牛"}, H::grazing, 1.75, 0.8, kAllYear},
    {S::domestic_yak, "Bos grunniens", {"Domestic yak", "牦牛"}, H::grazing, 1.3, 0.6, kAllYear},
    {S::przewalskis_gazelle,
     "Procapra przewalskii",
     {"Przewalski's gazelle", "普氏原羚"},
     H::grazing,
     0.66,
     1.1,
     kAllYear},
    {S::tibetan_gazelle,
     "Procapra picticaudata",
     {"Tibetan gazelle", "藏原羚"},
     H::grazing,
     0.62,
     1.1,
     kAllYear},
    {S::goitered_gazelle,
     "Gazella subgutturosa",
     {"Goitered gazelle", "鹅喉羚"},
     H::grazing,
     0.68,
     1.2,
     kAllYear},
    {S::blue_sheep, "Pseudois nayaur", {"Blue sheep", "岩羊"}, H::grazing, 0.8, 0.7, kAllYear},
    {S::white_lipped_deer,
     "Przewalskium albirostris",
     {"White-lipped deer", "白唇鹿"},
     H::grazing,
     1.25,
     0.9,
     kAllYear},
    {S::wolf, "Canis lupus", {"Wolf", "狼"}, H::hunting, 0.75, 1.9, kAllYear},
    {S::tibetan_fox, "Vulpes ferrilata", {"Tibetan fox", "藏狐"}, H::hunting, 0.32, 1.3, kAllYear},
    {S::snow_leopard, "Panthera uncia", {"Snow leopard", "雪豹"}, H::hunting, 0.6, 0.9, kAllYear},
    {S::black_necked_crane,
     "Grus nigricollis",
     {"Black-necked crane", "黑颈鹤"},
     H::wading,
     1.35,
     0.4,
     months(3, 11)},
    {S::bar_headed_goose,
     "Anser indicus",
     {"Bar-headed goose", "斑头雁"},
     H::flying,
     0.75,
     17.0,
     months(3, 11)},
    {S::whooper_swan,
     "Cygnus cygnus",
     {"Whooper swan", "大天鹅"},
     H::swimming,
     0.95,
     0.5,
     months(10, 4)},
    {S::ruddy_shelduck,
     "Tadorna ferruginea",
     {"Ruddy shelduck", "赤麻鸭"},
     H::swimming,
     0.45,
     0.4,
     kAllYear},
    {S::brown_headed_gull,
     "Chroicocephalus brunnicephalus",
     {"Brown-headed gull", "棕头鸥"},
     H::flying,
     0.42,
     9.0,
     months(4, 10)},
    {S::great_cormorant,
     "Phalacrocorax carbo",
     {"Great cormorant", "普通鸬鹚"},
     H::flying,
     0.8,
     14.0,
     months(3, 10)},
    {S::upland_buzzard,
     "Buteo hemilasius",
     {"Upland buzzard", "大鵟"},
     H::soaring,
     1.5,
     10.0,
     kAllYear},
    {S::himalayan_griffon,
     "Gyps himalayensis",
     {"Himalayan griffon", "高山兀鹫"},
     H::soaring,
     2.8,
     12.0,
     kAllYear},
    {S::golden_eagle,
     "Aquila chrysaetos",
     {"Golden eagle", "金雕"},
     H::soaring,
     2.1,
     13.0,
     kAllYear},
};

constexpr Resident kEling[] = {
    {S::kiang, 0.35, 5},          {S::ruddy_shelduck, 0.6, 6},    {S::bar_headed_goose, 0.4, 9},
    {S::tibetan_gazelle, 0.3, 4}, {S::brown_headed_gull, 0.4, 5}, {S::upland_buzzard, 0.25, 1}};
constexpr Resident kYuzhu[] = {{S::wild_yak, 0.35, 4},
                               {S::tibetan_antelope, 0.35, 6},
                               {S::tibetan_fox, 0.2, 1},
                               {S::himalayan_griffon, 0.3, 2}};
constexpr Resident kWudaoliang[] = {{S::tibetan_antelope, 0.75, 12},
                                    {S::kiang, 0.3, 5},
                                    {S::wolf, 0.1, 2},
                                    {S::upland_buzzard, 0.25, 1}};
constexpr Resident kLongbao[] = {{S::black_necked_crane, 0.7, 4},
                                 {S::bar_headed_goose, 0.45, 9},
                                 {S::ruddy_shelduck, 0.5, 5},
                                 {S::domestic_yak, 0.5, 6},
                                 {S::tibetan_fox, 0.15, 1}};
constexpr Resident kAngsai[] = {{S::blue_sheep, 0.6, 7},
                                {S::snow_leopard, 0.18, 1},
                                {S::himalayan_griffon, 0.4, 3},
                                {S::white_lipped_deer, 0.25, 4}};
constexpr Resident kHaergai[] = {{S::przewalskis_gazelle, 0.7, 8},
                                 {S::wolf, 0.1, 2},
                                 {S::upland_buzzard, 0.3, 1},
                                 {S::domestic_yak, 0.35, 5}};
constexpr Resident kNianbaoyuze[] = {{S::domestic_yak, 0.5, 6},
                                     {S::ruddy_shelduck, 0.45, 5},
                                     {S::himalayan_griffon, 0.35, 2},
                                     {S::blue_sheep, 0.2, 5}};
constexpr Resident kZhaqu[] = {{S::white_lipped_deer, 0.4, 6},
                               {S::domestic_yak, 0.4, 5},
                               {S::ruddy_shelduck, 0.4, 4},
                               {S::golden_eagle, 0.2, 1}};
constexpr Resident kYemathan[] = {{S::kiang, 0.75, 11},
                                  {S::tibetan_gazelle, 0.45, 6},
                                  {S::wolf, 0.12, 2},
                                  {S::upland_buzzard, 0.3, 1}};
constexpr Resident kMuli[] = {{S::domestic_yak, 0.6, 9},
                              {S::tibetan_fox, 0.2, 1},
                              {S::tibetan_gazelle, 0.3, 4},
                              {S::golden_eagle, 0.25, 1}};
constexpr Resident kQinghaiLake[] = {
    {S::bar_headed_goose, 0.6, 13}, {S::whooper_swan, 0.65, 6},  {S::brown_headed_gull, 0.6, 7},
    {S::great_cormorant, 0.35, 5},  {S::ruddy_shelduck, 0.4, 5}, {S::przewalskis_gazelle, 0.2, 5}};
constexpr Resident kQaidam[] = {{S::goitered_gazelle, 0.5, 6},
                                {S::kiang, 0.2, 3},
                                {S::tibetan_fox, 0.12, 1},
                                {S::golden_eagle, 0.25, 1}};

using L = Landscape;
constexpr std::array<Area, kAreaCount> kAreas{{
    {"eling-lake",
     {"Eling Lake", "鄂陵湖"},
     Sector::sanjiangyuan,
     34.90,
     97.70,
     4270,
     285,
     L::great_lake,
     true,
     kEling},
    {"yuzhu-peak",
     {"Yuzhu Peak", "玉珠峰"},
     Sector::qaidam_basin,
     35.75,
     94.28,
     4450,
     165,
     L::snow_peak,
     false,
     kYuzhu},
    {"wudaoliang-north-bridge",
     {"Wudaoliang North Bridge", "五道梁北大桥"},
     Sector::sanjiangyuan,
     35.22,
     93.08,
     4620,
     60,
     L::railway_bridge,
     true,
     kWudaoliang},
    {"longbao-wetland",
     {"Longbao Wetland", "隆宝湿地"},
     Sector::sanjiangyuan,
     33.20,
     96.55,
     4210,
     300,
     L::wetland,
     true,
     kLongbao},
    {"angsai-canyon",
     {"Angsai Canyon", "昂赛大峡谷"},
     Sector::sanjiangyuan,
     32.75,
     95.62,
     3870,
     230,
     L::canyon,
     true,
     kAngsai},
    {"haergai-grassland",
     {"Haergai Grassland", "哈尔盖草原"},
     Sector::qinghai_lake,
     37.25,
     100.45,
     3250,
     20,
     L::grassland,
     true,
     kHaergai},
    {"nianbaoyuze",
     {"Nianbaoyuze", "年保玉则"},
     Sector::sanjiangyuan,
     33.37,
     101.10,
     4120,
     205,
     L::granite_peaks,
     true,
     kNianbaoyuze},
    {"zhaqu-river",
     {"Zhaqu River", "扎曲河"},
     Sector::sanjiangyuan,
     32.95,
     95.28,
     4080,
     120,
     L::braided_river,
     true,
     kZhaqu},
    {"yemathan",
     {"Yemathan", "野马滩"},
     Sector::hehuang_valley,
     36.10,
     100.60,
     3380,
     255,
     L::horse_plain,
     false,
     kYemathan},
    {"muli",
     {"Muli", "木里"},
     Sector::qilian_mountains,
     38.12,
     99.15,
     4060,
     335,
     L::alpine_meadow,
     false,
     kMuli},
    {"qinghai-lake",
     {"Qinghai Lake", "青海湖"},
     Sector::qinghai_lake,
     36.63,
     100.32,
     3200,
     75,
     L::salt_lake_shore,
     true,
     kQinghaiLake},
    {"qaidam",
     {"Qaidam", "柴达木"},
     Sector::qaidam_basin,
     37.80,
     94.40,
     2790,
     310,
     L::desert,
     false,
     kQaidam},
}};

}  // namespace

std::span<const Area, kAreaCount> areas() { return kAreas; }
std::span<const SectorPlace, 5> sectors() { return kSectors; }

const SectorPlace& sector_place(Sector sector) {
  return kSectors[static_cast<std::size_t>(sector)];
}

const SpeciesFacts& facts(Species species) {
  const auto& found = kFacts[static_cast<std::size_t>(species)];
  ORIEL_CHECK(found.species == species);
  return found;
}

const Area* find_area(std::string_view id) {
  for (const Area& area : kAreas)
    if (area.id == id) return &area;
  return nullptr;
}

int index_of(const Area& area) {
  for (int i = 0; i < kAreaCount; ++i)
    if (kAreas[static_cast<std::size_t>(i)].id == area.id) return i;
  ORIEL_CHECK(!"an area of the plateau");
  return 0;
}

}  // namespace oriel::demo

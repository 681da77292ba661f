#include "demo/truth.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <map>
#include <mutex>

#include <fcntl.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "base/sun.h"
#include "demo/fauna.h"
#include "demo/noise.h"
#include "demo/scene.h"
#include "demo/terrain.h"
#include "demo/weather.h"

namespace oriel::demo {
namespace {

constexpr double kTwoPi = 6.283185307179586;

// Where animals can be in front of a camera, in metres from it.
struct Stage {
  float ground_near, ground_far;
  float water_near = 0, water_far = 0;
  bool open_water = false;  // wide enough to swim across the picture
  bool turns_back = false;  // the ground ends: they come from the left and go back
};

Stage stage_of(Landscape landscape) {
  switch (landscape) {
    case Landscape::great_lake:
      return {82, 96, 150, 300, true};
    case Landscape::snow_peak:
      return {50, 150};
    case Landscape::railway_bridge:
      return {42, 84};
    case Landscape::wetland:
      return {62, 140, 62, 220};
    case Landscape::canyon:
      return {16.5f, 23.5f, 0, 0, false, true};
    case Landscape::grassland:
      return {44, 120};
    case Landscape::granite_peaks:
      return {56, 66, 110, 230, true};
    case Landscape::braided_river:
      return {84, 150, 90, 260};
    case Landscape::horse_plain:
      return {48, 150};
    case Landscape::alpine_meadow:
      return {50, 130};
    case Landscape::salt_lake_shore:
      return {53, 66, 125, 260, true};
    case Landscape::desert:
      return {54, 130};
  }
  return {50, 100};
}

// One coming of one group: everything about it follows from its seed.
struct Visit {
  const SpeciesFacts& species;
  const Stage& stage;
  const Terrain& terrain;
  std::uint32_t seed;
  double age_s;
  int count;
  std::vector<Animal>& out;

  float chance(int n) const { return pick(seed, n); }
  float chance(int n, int i) const { return pick(seed, n, i); }
  float focal() const { return terrain.view().focal_px; }
  // Half the picture's width in metres at a distance.
  double half_width(double z) const { return 640.0 / static_cast<double>(focal()) * z; }
};

// Distance gone after `age_s` of walking and stopping: `duty` of each period on the move.
struct Pace {
  double gone_m;
  double share_of_stop;  // 0 … 1 through the present stop; negative on the move
  int period;
};
Pace pace(double age_s, double speed, double duty, double period_s, double phase) {
  const double cycles = age_s / period_s + phase;
  const double whole = std::floor(cycles);
  const double u = cycles - whole;
  const double t = std::min(u / duty, 1.0);
  // Eased at both ends, so that nobody starts or stops at once.
  const double eased = duty >= 1 ? t : t * t * (3 - 2 * t);
  const double start = std::min((phase - std::floor(phase)) / duty, 1.0);
  const double skipped = duty >= 1 ? start : start * start * (3 - 2 * start);
  return {speed * duty * period_s * (whole - std::floor(phase) + eased - skipped),
          u < duty ? -1.0 : (u - duty) / (1 - duty), static_cast<int>(whole)};
}

void add(const Visit& visit, Animal animal, double x, double h, double z) {
  const View& view = visit.terrain.view();
  animal.species = visit.species.species;
  animal.x_px = 640 + static_cast<double>(view.focal_px) * x / z;
  animal.y_px = static_cast<double>(view.horizon_row) +
                static_cast<double>(view.focal_px) * (static_cast<double>(view.height_m) - h) / z;
  animal.distance_m = z;
  if (animal.x_px < -200 || animal.x_px > kSceneWidth + 200) return;
  const Figure figure = make_figure(animal);
  const double left = std::max(0.0, static_cast<double>(figure.left));
  const double top = std::max(0.0, static_cast<double>(figure.top));
  const double right = std::min<double>(kSceneWidth, static_cast<double>(figure.right));
  const double bottom = std::min<double>(kSceneHeight, static_cast<double>(figure.bottom));
  if (right - left < 0.5 || bottom - top < 0.5) return;
  animal.box_x = left;
  animal.box_y = top;
  animal.box_w = right - left;
  animal.box_h = bottom - top;
  visit.out.push_back(animal);
}

double surface(const Visit& visit, double x, double z) {
  return static_cast<double>(
      std::max(visit.terrain.height(static_cast<float>(x), static_cast<float>(z), 4),
               visit.terrain.water_level()));
}

// Walkers and waders, and swimmers on open water: across the picture, or in and back again.
void cross(const Visit& visit, bool swimming) {
  const Stage& stage = visit.stage;
  const float near = swimming ? stage.water_near : stage.ground_near;
  const float far = swimming ? stage.water_far : stage.ground_far;
  const double lane = 1 / static_cast<double>(mix(1 / far, 1 / near, visit.chance(2)));
  const bool hunting = visit.species.habit == Habit::hunting;
  const double duty = swimming  ? 1.0
                      : hunting ? 0.86
                                : 0.30 + 0.22 * static_cast<double>(visit.chance(3));
  const double size = visit.species.height_m;
  const double spread = (visit.count - 1) * size * (swimming ? 1.6 : 2.3);
  const double margin = 2.2 * size;
  double reach = 2 * (visit.half_width(lane * 1.08) + margin) + spread;
  if (stage.turns_back) reach = 2 * (visit.half_width(lane) + margin);
  // Slow grazers on a wide lane would outstay what is looked back for: they walk a little faster.
  const double speed = std::max(visit.species.speed_m_s, reach / (1500 * duty));
  const double way = visit.chance(4) < 0.5f && !stage.turns_back ? -1 : 1;
  for (int i = 0; i < visit.count; ++i) {
    const double z = lane * (1 + (static_cast<double>(visit.chance(5, i)) - 0.5) * 0.14);
    const double period = hunting ? 26 : 22 + 16 * static_cast<double>(visit.chance(6, i));
    const Pace p = pace(visit.age_s, speed, duty, period, static_cast<double>(visit.chance(7, i)));
    const double behind =
        visit.count > 1 ? spread * (i + 0.6 * static_cast<double>(visit.chance(8, i))) / visit.count
                        : 0;
    const double begin = -(visit.half_width(z) + margin) - behind;
    double along = begin + p.gone_m;
    bool back = false;
    if (stage.turns_back) {
      const double turn = -2.2 + 3.4 * static_cast<double>(visit.chance(9)) - behind * 0.5;
      if (along > turn) {
        along = 2 * turn - along;
        back = true;
        if (along < begin) continue;
      }
    }
    Animal animal;
    animal.track = visit.seed + static_cast<std::uint32_t>(i);
    animal.variant = mix_bits(visit.seed + static_cast<std::uint32_t>(i) * 7);
    animal.height_px = size * static_cast<double>(visit.focal()) / z *
                       (0.86 + 0.16 * static_cast<double>(visit.chance(10, i)));
    animal.faces_left = (way < 0) != back;
    animal.gait =
        p.gone_m / (size * (hunting ? 1.5 : 1.25)) + static_cast<double>(visit.chance(11, i));
    if (swimming) {
      animal.posture = Posture::swimming;
      animal.gait = visit.age_s * 0.4 + static_cast<double>(visit.chance(11, i));
      animal.head = pick(visit.seed, i, static_cast<int>(visit.age_s / 9)) > 0.8f
                        ? std::sin(std::fmod(visit.age_s, 9) / 9 * kTwoPi / 2)
                        : 0;
    } else if (p.share_of_stop < 0) {
      animal.posture = Posture::walking;
      animal.head = hunting ? 0.15 : 0.05;
    } else {
      animal.posture = hunting ? Posture::standing : Posture::grazing;
      // Some keep watch while the others graze.
      const bool watch = hunting || pick(visit.seed, i, p.period, 3) < 0.28f;
      animal.head = watch ? 0 : std::min(1.0, 6 * std::min(p.share_of_stop, 1 - p.share_of_stop));
    }
    const double x = way * along;
    add(visit, animal, x,
        swimming ? static_cast<double>(visit.terrain.water_level()) : surface(visit, x, z), z);
  }
}

// A pond or quiet arm that is wide enough to sit on.
std::optional<std::pair<double, double>> find_pool(const Visit& visit) {
  for (int i = 0; i < 40; ++i) {
    const float z =
        1 / mix(1 / visit.stage.water_far, 1 / visit.stage.water_near, visit.chance(20, i));
    const float x = (visit.chance(21, i) * 1.7f - 0.85f) *
                    static_cast<float>(visit.half_width(static_cast<double>(z)));
    const auto wet = [&](float dx, float dz) {
      return visit.terrain.height(x + dx, z + dz, 4) < visit.terrain.water_level() - 0.05f;
    };
    if (wet(0, 0) && wet(3.5f, 0) && wet(-3.5f, 0) && wet(0, 6) && wet(0, -6))
      return std::pair{static_cast<double>(x), static_cast<double>(z)};
  }
  return std::nullopt;
}

// Waterfowl of small waters: they fly in, stay for some minutes and fly out.
void settle(const Visit& visit) {
  constexpr double kFlight = 11;
  const double stay = 400 + 300 * static_cast<double>(visit.chance(3));
  if (visit.age_s > stay) return;
  const auto pool = find_pool(visit);
  if (!pool) return;
  const double side = visit.chance(4) < 0.5f ? -1 : 1;
  for (int i = 0; i < visit.count; ++i) {
    const double late = 0.7 * i;
    const double in = std::clamp((visit.age_s - late) / kFlight, 0.0, 1.0);
    const double out =
        std::clamp((visit.age_s - stay + kFlight + 5 - late * 0.6) / kFlight, 0.0, 1.0);
    if (in <= 0 || out >= 1) continue;
    const double turn = visit.age_s * 0.05 + i * 1.7;
    const double x_home = pool->first + 2.4 * std::cos(turn);
    const double z_home = pool->second + 3.5 * std::sin(turn * 0.8 + i);
    const double away = std::max(1 - in, out);
    const double path = away * away * (3 - 2 * away);
    Animal animal;
    animal.track = visit.seed + static_cast<std::uint32_t>(i);
    animal.variant = static_cast<std::uint32_t>(i);
    const double z = z_home * (1 + 0.2 * path);
    const double x = x_home + side * path * (visit.half_width(z) * 1.5 + 20);
    const double px_per_m = static_cast<double>(visit.focal()) / z;
    animal.gait = static_cast<double>(visit.chance(11, i)) + visit.age_s * (away > 0 ? 4.0 : 0.4);
    if (away > 0) {
      animal.posture = Posture::flapping;
      animal.height_px = visit.species.height_m * 2.1 * px_per_m;
      animal.faces_left = (side > 0) == (in < 1);
    } else {
      animal.posture = Posture::swimming;
      animal.height_px = visit.species.height_m * px_per_m;
      animal.faces_left = std::sin(turn) > 0;
      animal.head = pick(visit.seed, i, static_cast<int>(visit.age_s / 7)) > 0.7f
                        ? std::sin(std::fmod(visit.age_s, 7) / 7 * kTwoPi / 2)
                        : 0;
    }
    const double rise = 13 * path + (away > 0 ? 0.3 : 0);
    add(visit, animal, x, static_cast<double>(visit.terrain.water_level()) + rise, z);
  }
}

// Flocks that cross the sky: geese and cormorants in a line or wedge, gulls loosely.
void fly_over(const Visit& visit) {
  const View& view = visit.terrain.view();
  const double z = 80 + 170 * static_cast<double>(visit.chance(2));
  const double row =
      static_cast<double>(view.horizon_row) * (0.22 + 0.62 * static_cast<double>(visit.chance(3)));
  const double h =
      static_cast<double>(view.height_m) +
      (static_cast<double>(view.horizon_row) - row) * z / static_cast<double>(view.focal_px);
  const double span = visit.species.height_m * 2.1;
  const bool gulls = visit.species.species == Species::brown_headed_gull;
  const double way = visit.chance(4) < 0.5f ? -1 : 1;
  for (int i = 0; i < visit.count; ++i) {
    const int rank = (i + 1) / 2;
    double behind = rank * span * 1.25;
    double aside = (i % 2 == 0 ? 1 : -0.55) * rank * span * 0.42;
    if (gulls) {
      behind = static_cast<double>(visit.chance(12, i)) * span * visit.count * 2.2;
      aside = (static_cast<double>(visit.chance(13, i)) - 0.5) * span * 4 +
              span * 0.7 * std::sin(visit.age_s * 0.9 + i * 2.1);
    }
    Animal animal;
    animal.track = visit.seed + static_cast<std::uint32_t>(i);
    animal.variant = static_cast<std::uint32_t>(i);
    animal.posture = Posture::flapping;
    animal.height_px = span * static_cast<double>(view.focal_px) / z;
    animal.faces_left = way < 0;
    animal.gait =
        visit.age_s * (gulls ? 2.1 : 3.1 + 0.2 * static_cast<double>(visit.chance(14, i))) +
        static_cast<double>(visit.chance(11, i));
    const double along =
        -(visit.half_width(z) + 2 * span) - behind + visit.species.speed_m_s * visit.age_s;
    add(visit, animal, way * along, h + aside + 0.4 * std::sin(visit.age_s * 0.7 + i), z);
  }
}

// Raptors circling in rising air that drifts across.
void soar(const Visit& visit) {
  const View& view = visit.terrain.view();
  const double middle = 150 + 120 * static_cast<double>(visit.chance(2));
  const double radius = 26 + 16 * static_cast<double>(visit.chance(5));
  const double row =
      static_cast<double>(view.horizon_row) * (0.25 + 0.45 * static_cast<double>(visit.chance(3)));
  const double h =
      static_cast<double>(view.height_m) +
      (static_cast<double>(view.horizon_row) - row) * middle / static_cast<double>(view.focal_px);
  const double way = visit.chance(4) < 0.5f ? -1 : 1;
  for (int i = 0; i < visit.count; ++i) {
    const double angle = kTwoPi * (visit.age_s / 17 + static_cast<double>(visit.chance(11, i)));
    const double z = middle + i * 14 + radius * std::sin(angle);
    const double centre = -(visit.half_width(middle + radius) + 2 * radius) + 2.6 * visit.age_s;
    Animal animal;
    animal.track = visit.seed + static_cast<std::uint32_t>(i);
    animal.variant = static_cast<std::uint32_t>(i);
    animal.posture = Posture::gliding;
    animal.height_px = visit.species.height_m * static_cast<double>(view.focal_px) / z;
    animal.gait = angle / kTwoPi;
    animal.faces_left = std::sin(angle) > 0;
    add(visit, animal, way * centre + radius * std::cos(angle) + i * 9, h + i * 5, z);
  }
}

// How likely a species is about, for the light and the month: 0 … 1.6.
double activity(const Area& area, const SpeciesFacts& species, UtcTime time) {
  if (((species.months >> (month_at(time) - 1)) & 1) == 0) return 0;
  const double sun = sun_position({area.latitude_deg, area.longitude_deg}, time).elevation_deg;
  switch (species.habit) {
    case Habit::flying:
      return sun > -5 ? 1 : 0;
    case Habit::soaring:
      return sun > 8 ? 1 : 0;
    case Habit::hunting:
      return sun < 12 ? 1.6 : 0.7;
    default:
      return sun > -4 ? 1 : 0.55;
  }
}

void add_resident(const Area& area, const Terrain& terrain, const Stage& stage, std::size_t index,
                  UtcTime time, std::vector<Animal>& out) {
  const Resident& resident = area.residents[index];
  const SpeciesFacts& species = facts(resident.species);
  const bool flying = species.habit == Habit::flying;
  const std::int64_t slot_us = (flying ? 150 : 480) * std::int64_t{1'000'000};
  const std::int64_t slot = time.us / slot_us;
  for (std::int64_t back = 0; back < 4; ++back) {
    const UtcTime begin{(slot - back) * slot_us};
    const auto seed = mix_bits(static_cast<std::uint32_t>(slot - back) * 2654435761u +
                               static_cast<std::uint32_t>(index_of(area)) * 40503u +
                               static_cast<std::uint32_t>(index) * 9973u);
    if (static_cast<double>(pick(seed, 0)) >= resident.share * activity(area, species, begin))
      continue;
    const double start_s =
        static_cast<double>(pick(seed, 1)) * static_cast<double>(slot_us) * 0.7e-6;
    const double age_s = (time - begin).seconds() - start_s;
    if (age_s < 0) continue;
    const int count =
        1 + static_cast<int>(pick(seed, 15) * 0.999f * static_cast<float>(resident.group_max));
    const Visit visit{species, stage, terrain, seed, age_s, count, out};
    if (flying)
      fly_over(visit);
    else if (species.habit == Habit::soaring)
      soar(visit);
    else if (species.habit == Habit::swimming && !stage.open_water)
      settle(visit);
    else
      cross(visit, species.habit == Habit::swimming);
  }
}

class FileTruth final : public TruthWriter {
 public:
  explicit FileTruth(int fd) : fd_(fd) {}
  ~FileTruth() override { ::close(fd_); }

  void record(const Area& area, UtcTime time) override {
    {
      const std::lock_guard lock(mutex_);
      auto& last = last_second_[index_of(area)];
      if (failed_ || last == time.us / 1'000'000) return;
      last = time.us / 1'000'000;
    }
    std::string lines;
    for (const Sighting& sighting : sightings_at(area, time))
      lines += json::serialize(to_json(sighting)) + "\n";
    if (lines.empty()) return;
    // O_APPEND and one call: lines of different areas do not mix.
    const ssize_t written = ::write(fd_, lines.data(), lines.size());
    if (written == static_cast<ssize_t>(lines.size())) return;
    const int code = errno;
    {
      const std::lock_guard lock(mutex_);
      failed_ = true;
    }
    log::error("{}", errno_error(code, "write the truth file").message);
  }

 private:
  const int fd_;
  std::mutex mutex_;
  bool failed_ = false;                                 // guarded by mutex_
  std::array<std::int64_t, kAreaCount> last_second_{};  // guarded by mutex_
};

}  // namespace

std::vector<Animal> animals_at(const Area& area, UtcTime time) {
  const Terrain terrain(area);
  const Stage stage = stage_of(area.landscape);
  std::vector<Animal> animals;
  for (std::size_t i = 0; i < area.residents.size(); ++i)
    add_resident(area, terrain, stage, i, time, animals);
  std::stable_sort(animals.begin(), animals.end(),
                   [](const Animal& a, const Animal& b) { return a.distance_m > b.distance_m; });
  return animals;
}

std::vector<Sighting> sightings_at(const Area& area, UtcTime time) {
  std::vector<Sighting> sightings;
  for (const Animal& animal : animals_at(area, time)) {
    const SpeciesFacts& species = facts(animal.species);
    Sighting s;
    s.time = time;
    s.area = area.id;
    s.species = species.latin;
    s.common = {std::string(species.common.en), std::string(species.common.zh)};
    s.track = animal.track;
    s.box = {animal.box_x / kSceneWidth, animal.box_y / kSceneHeight, animal.box_w / kSceneWidth,
             animal.box_h / kSceneHeight};
    sightings.push_back(std::move(s));
  }
  return sightings;
}

Result<std::unique_ptr<TruthWriter>> TruthWriter::open(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fd < 0) return fail(errno_error(errno, "open " + path));
  return std::make_unique<FileTruth>(fd);
}

}  // namespace oriel::demo

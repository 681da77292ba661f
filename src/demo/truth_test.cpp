#include "demo/truth.h"

#include <cstdio>
#include <fstream>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "base/json.h"
#include "demo/scene.h"

namespace oriel::demo {
namespace {

const UtcTime kMorning = parse_rfc3339("2026-07-10T02:00:00Z").value();
const UtcTime kWinter = parse_rfc3339("2026-12-20T04:00:00Z").value();

TEST(Truth, is_the_same_whenever_it_is_asked) {
  for (const Area& area : areas()) {
    for (int s = 0; s < 3600; s += 300) {
      const auto first = sightings_at(area, kMorning + Duration::from_s(s));
      sightings_at(area, kMorning);
      const auto second = sightings_at(area, kMorning + Duration::from_s(s));
      ASSERT_EQ(first.size(), second.size());
      for (std::size_t i = 0; i < first.size(); ++i)
        EXPECT_EQ(json::serialize(to_json(first[i])), json::serialize(to_json(second[i])));
    }
  }
}

TEST(Truth, boxes_lie_in_the_picture_and_tracks_are_one_animal) {
  std::size_t seen = 0;
  for (const Area& area : areas()) {
    for (int s = 0; s < 7200; s += 60) {
      std::set<std::int64_t> tracks;
      for (const Sighting& sighting : sightings_at(area, kMorning + Duration::from_s(s))) {
        ++seen;
        ASSERT_EQ(sighting.box.size(), 4u);
        EXPECT_GE(sighting.box[0], 0);
        EXPECT_GE(sighting.box[1], 0);
        EXPECT_LE(sighting.box[0] + sighting.box[2], 1.0001);
        EXPECT_LE(sighting.box[1] + sighting.box[3], 1.0001);
        EXPECT_TRUE(tracks.insert(sighting.track).second) << area.id;
      }
    }
  }
  EXPECT_GT(seen, 1000u) << "the plateau is alive";
}

// From one second to the next nobody jumps: no animal appears or vanishes in the middle.
TEST(Truth, animals_enter_and_leave_over_the_edges) {
  for (const Area& area : areas()) {
    std::map<std::uint32_t, Animal> before;
    for (int s = 0; s < 2400; ++s) {
      std::map<std::uint32_t, Animal> now;
      for (const Animal& a : animals_at(area, kMorning + Duration::from_s(s))) now[a.track] = a;
      for (const auto& [track, a] : now) {
        const auto was = before.find(track);
        // A goose comes up to 300 pixels in a second, a buzzard also over the upper edge.
        const double edge = a.posture == Posture::flapping  ? 420
                            : a.posture == Posture::gliding ? 260
                                                            : 60;
        const bool at_edge = a.box_x < edge || a.box_x + a.box_w > kSceneWidth - edge ||
                             (a.posture == Posture::gliding && a.box_y < edge);
        if (was != before.end()) {
          EXPECT_LT(std::abs(a.x_px - was->second.x_px), 420) << area.id;
        } else if (s > 0) {
          EXPECT_TRUE(at_edge) << area.id << " " << facts(a.species).latin << " at " << s;
        }
      }
      before = std::move(now);
    }
  }
}

TEST(Truth, birds_are_there_in_their_months_only) {
  bool crane_in_july = false;
  const Area& longbao = *find_area("longbao-wetland");
  for (int s = 0; s < 4 * 3600; s += 120) {
    for (const Animal& a : animals_at(longbao, kMorning + Duration::from_s(s)))
      crane_in_july = crane_in_july || a.species == Species::black_necked_crane;
    for (const Animal& a : animals_at(longbao, kWinter + Duration::from_s(s)))
      EXPECT_NE(a.species, Species::black_necked_crane);
  }
  EXPECT_TRUE(crane_in_july);
}

TEST(TruthWriter, writes_each_second_once_as_lines_that_read_back) {
  const std::string path = testing::TempDir() + "truth_test.ndjson";
  std::remove(path.c_str());
  const Area& area = *find_area("longbao-wetland");
  std::size_t expected = 0;
  {
    const auto writer = TruthWriter::open(path).value();
    for (int frame = 0; frame < 48; ++frame) {
      const UtcTime time = kMorning + Duration::from_ms(frame * 250);
      writer->record(area, time);
      if (frame % 4 == 0) expected += sightings_at(area, time).size();
    }
  }
  std::ifstream file(path);
  std::size_t lines = 0;
  for (std::string line; std::getline(file, line); ++lines) {
    const auto sighting = from_json<Sighting>(json::parse(line));
    ASSERT_TRUE(sighting) << sighting.error().message;
    EXPECT_EQ(sighting->area, "longbao-wetland");
    EXPECT_FALSE(sighting->common.zh.empty());
  }
  EXPECT_EQ(lines, expected);
  EXPECT_FALSE(TruthWriter::open("/nonexistent/folder/truth.ndjson"));
}

TEST(Plateau, has_twelve_areas_with_unique_ids_in_all_five_sectors) {
  std::set<std::string_view> ids;
  std::set<Sector> found;
  for (const Area& area : areas()) {
    ids.insert(area.id);
    found.insert(area.sector);
    EXPECT_EQ(find_area(area.id), &area);
    EXPECT_FALSE(area.residents.empty());
    EXPECT_TRUE(area.latitude_deg > 31 && area.latitude_deg < 40) << area.id;
  }
  EXPECT_EQ(ids.size(), 12u);
  EXPECT_EQ(found.size(), 5u);
  EXPECT_EQ(find_area("atlantis"), nullptr);
}

}  // namespace
}  // namespace oriel::demo

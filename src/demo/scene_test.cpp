#include "demo/scene.h"

#include <gtest/gtest.h>

#include "demo/clock_cells.h"
#include "demo/past.h"
#include "demo/truth.h"

namespace oriel::demo {
namespace {

const UtcTime kNoon = parse_rfc3339("2026-07-10T05:00:00Z").value();
const UtcTime kMidnight = parse_rfc3339("2026-07-10T17:30:00Z").value();

double mean_luma(const Picture& p) {
  double sum = 0;
  for (int y = 0; y < 680; ++y)
    for (int x = 0; x < p.width(); ++x) sum += p.y_row(y)[x];
  return sum / (680.0 * p.width());
}

class SceneTest : public testing::Test {
 protected:
  const Area& area_ = *find_area("qinghai-lake");
  const std::shared_ptr<const Scenery> scenery_ = make_scenery(area_);
};

TEST_F(SceneTest, each_picture_tells_its_time) {
  const auto scene = Scene::make(area_, scenery_, {});
  for (int i = 0; i < 30; ++i) {
    const UtcTime time = UtcTime::from_ms((kNoon + Duration{i * 1'000'000 / 12}).ms());
    const Picture& p = scene->render(time);
    const auto read = read_clock({p.y(), 1280u * 720u}, 1280, 720, 1280);
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, time);
  }
}

TEST_F(SceneTest, the_same_moment_gives_the_same_picture) {
  const auto one = Scene::make(area_, scenery_, {});
  const auto two = Scene::make(area_, make_scenery(area_), {});
  const Picture& a = one->render(kNoon);
  const Picture& b = two->render(kNoon);
  EXPECT_TRUE(std::equal(a.y(), a.y() + 1280 * 720 * 3 / 2, b.y()));
}

TEST_F(SceneTest, noon_is_brighter_than_midnight) {
  const auto scene = Scene::make(area_, scenery_, {});
  const double noon = mean_luma(scene->render(kNoon));
  const double night = mean_luma(scene->render(kMidnight));
  EXPECT_GT(noon, 80);
  EXPECT_LT(night, 65);
  EXPECT_GT(night, 20) << "a night camera still sees something";
}

// What was drawn over the background is gone when it has moved on.
TEST_F(SceneTest, nothing_leaves_a_trail) {
  const auto scene = Scene::make(area_, scenery_, {});
  for (int i = 0; i < 24; ++i) scene->render(kNoon + Duration{i * 1'000'000 / 12});
  Picture marked = scene->render(kNoon + Duration::from_s(2));
  const auto fresh = Scene::make(area_, scenery_, {});
  const Picture& clean = fresh->render(kNoon + Duration::from_s(2));
  int far_off = 0;
  for (int y = 0; y < 680; ++y)
    for (int x = 0; x < 1280; ++x)
      if (std::abs(marked.y_row(y)[x] - clean.y_row(y)[x]) > 60) ++far_off;
  EXPECT_LT(far_off, 1280 * 720 / 200) << "only ripples differ";
}

TEST_F(SceneTest, the_past_is_packets_in_order_with_a_key_frame_every_four_seconds) {
  const UtcSpan span{kNoon, kNoon + Duration::from_s(10)};
  const auto past =
      PastRenderer::open(area_, span, {.frames_per_second = 2, .scenery = scenery_}).value();
  EXPECT_EQ(past->track().configuration[0], 1) << "avcC";
  EXPECT_TRUE(past->track().codec_string.starts_with("avc1."));
  int count = 0;
  while (auto packet = past->next().value()) {
    EXPECT_EQ(packet->dts, count * 45'000);
    EXPECT_EQ(packet->key, count % 8 == 0);
    EXPECT_EQ(packet->arrived, kNoon + Duration::from_ms(count * 500));
    std::size_t at = 0;
    while (at < packet->bytes.size()) {
      const auto* b = packet->bytes.data() + at;
      at += 4u + static_cast<std::size_t>(b[0] << 24 | b[1] << 16 | b[2] << 8 | b[3]);
    }
    EXPECT_EQ(at, packet->bytes.size()) << "NAL units with lengths";
    ++count;
  }
  EXPECT_EQ(count, 20);
  EXPECT_FALSE(PastRenderer::open(area_, {kNoon, kNoon}, {}));
  EXPECT_FALSE(PastRenderer::open(area_, span, {.frames_per_second = 13}));
}

}  // namespace
}  // namespace oriel::demo

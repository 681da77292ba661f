#include "commons/lesson.h"

#include <algorithm>

#include "base/ids.h"

namespace oriel::commons {

namespace {

constexpr std::size_t kPagesMax = 100;
constexpr std::size_t kBlocksMax = 50;
constexpr std::size_t kTextBytesMax = 20'000;
constexpr std::size_t kTitleBytesMax = 1'000;
constexpr std::size_t kAnswersMax = 12;
constexpr std::size_t kColumnsMax = 8;
constexpr std::size_t kColumnBytesMax = 200;

tl::unexpected<Error> wrong(const std::string& path, std::string_view what) {
  return fail(ErrorKind::invalid, path + std::string(what));
}

bool shows_work(BlockKind kind) {
  using enum BlockKind;
  return kind == picture || kind == sound || kind == film || kind == chart || kind == model;
}

Result<void> check_chart(const Block& block, const std::string& path) {
  if (block.chart.has_value() != (block.kind == BlockKind::chart))
    return wrong(path, ".chart: is what a chart has, and only that");
  if (!block.chart) return {};
  if (block.chart->x.empty()) return wrong(path, ".chart.x: is empty");
  ORIEL_TRY(check_line(block.chart->x, path + ".chart.x", kColumnBytesMax));
  if (block.chart->y.empty() || block.chart->y.size() > kColumnsMax)
    return wrong(path, ".chart.y: expected 1 to 8 columns");
  for (const auto& column : block.chart->y) {
    if (column.empty()) return wrong(path, ".chart.y: is empty");
    ORIEL_TRY(check_line(column, path + ".chart.y", kColumnBytesMax));
  }
  return {};
}

Result<void> check_answers(const Block& block, const std::string& path) {
  const bool asks = block.kind == BlockKind::question;
  if (!asks && !(block.answers.empty() && block.explanation.empty()))
    return wrong(path, ".answers: are of a question");
  if (block.answers.size() > kAnswersMax) return wrong(path, ".answers: are more than 12");
  for (const auto& answer : block.answers) {
    if (answer.text.empty()) return wrong(path, ".answers: one has no text");
    ORIEL_TRY(check_text(answer.text, path + ".answers", kTitleBytesMax));
  }
  const auto is_right = [](const Answer& answer) { return answer.right; };
  if (!block.answers.empty() && std::none_of(block.answers.begin(), block.answers.end(), is_right))
    return wrong(path, ".answers: none is right");
  return check_text(block.explanation, path + ".explanation", kTextBytesMax);
}

Result<void> check_block(const Block& block, const std::string& path) {
  const bool says = block.kind == BlockKind::text || block.kind == BlockKind::question;
  if (says && block.text.empty()) return wrong(path, ".text: is missing");
  ORIEL_TRY(check_text(block.text, path + ".text", kTextBytesMax));
  if (shows_work(block.kind) ? !parse_slug(block.work) : !block.work.empty())
    return wrong(path, ".work: expected the id of the Work that is shown, and no other");
  const bool live = block.kind == BlockKind::live;
  if (live ? !parse_slug(block.feed) : !block.feed.empty())
    return wrong(path, ".feed: expected the id of the feed that is shown live, and no other");
  ORIEL_TRY(check_chart(block, path));
  return check_answers(block, path);
}

}  // namespace

Result<void> check(const std::vector<LessonPage>& pages) {
  if (pages.size() > kPagesMax) return wrong("pages", ": are more than 100");
  for (std::size_t i = 0; i < pages.size(); ++i) {
    const auto path = "pages[" + std::to_string(i) + "]";
    ORIEL_TRY(check_text(pages[i].title, path + ".title", kTitleBytesMax));
    if (pages[i].blocks.size() > kBlocksMax) return wrong(path, ".blocks: are more than 50");
    for (std::size_t j = 0; j < pages[i].blocks.size(); ++j)
      ORIEL_TRY(check_block(pages[i].blocks[j], path + ".blocks[" + std::to_string(j) + "]"));
  }
  return {};
}

}  // namespace oriel::commons

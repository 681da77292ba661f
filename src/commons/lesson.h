// The pages that courseware, lessons and exhibits are composed of: an ordered set of blocks that
// show other Works, say something or ask something.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>

#include "commons/text.h"

namespace oriel::commons {

// `picture`, `sound`, `film`, `chart` and `model` show a Work, `live` a feed as it is now.
enum class BlockKind : std::uint8_t { text, picture, sound, film, live, chart, question, model };
BOOST_DESCRIBE_ENUM(BlockKind, text, picture, sound, film, live, chart, question, model)

enum class ChartShape : std::uint8_t { line, bar };
BOOST_DESCRIBE_ENUM(ChartShape, line, bar)

// Columns of a Work's table, by their names.
struct Chart {
  std::string x;
  std::vector<std::string> y;  // 1 to 8
  ChartShape shape = ChartShape::line;
  bool operator==(const Chart&) const = default;
};
BOOST_DESCRIBE_STRUCT(Chart, (), (x, y, shape))

struct Answer {
  LocalisedText text;
  bool right = false;
  bool operator==(const Answer&) const = default;
};
BOOST_DESCRIBE_STRUCT(Answer, (), (text, right))

struct Block {
  BlockKind kind = BlockKind::text;
  // Of `text`: Markdown (paragraphs, headings, lists, **strong**, *emphasis*, links); of a question
  // what is asked; else the caption.
  LocalisedText text;
  std::string work;             // a WorkId; "" where the kind shows none
  std::string feed;             // a FeedId, of `live`
  std::optional<Chart> chart;   // of `chart`
  std::vector<Answer> answers;  // of `question`: one or several right; none: an open question
  LocalisedText explanation;    // told after the answer
  bool operator==(const Block&) const = default;
};
BOOST_DESCRIBE_STRUCT(Block, (), (kind, text, work, feed, chart, answers, explanation))

struct LessonPage {
  LocalisedText title;
  std::vector<Block> blocks;
  bool operator==(const LessonPage&) const = default;
};
BOOST_DESCRIBE_STRUCT(LessonPage, (), (title, blocks))

// By themselves. Errors: invalid, naming the member.
Result<void> check(const std::vector<LessonPage>& pages);

}  // namespace oriel::commons

#include "app/demo_words.h"

#include <fmt/format.h>

namespace oriel::app {

using commons::Answer;
using commons::Block;
using commons::BlockKind;
using commons::LessonPage;
using commons::LocalisedText;
using commons::WorkKind;

std::vector<PartyWords> demo_parties() {
  return {
      {{{"en", kInstitution}, {"zh", "高原之窗（演示）"}},
       {{"en", "An institution that exists in this demonstration only."},
        {"zh", "只存在于本演示中的机构。"}},
       ""},
      {{{"en", kFieldStation}, {"zh", "野外站"}},
       {{"en", "Keeps the cameras and microphones of the simulated plateau."},
        {"zh", "负责模拟高原的摄像机与麦克风。"}},
       kInstitution},
      {{{"en", kDrawingRoom}, {"zh", "绘图室"}},
       {{"en", "Draws the animals."}, {"zh", "绘制动物。"}},
       kInstitution},
      {{{"en", kClassroom}, {"zh", "课堂"}},
       {{"en", "Makes lessons and exhibits."}, {"zh", "制作课程与展览。"}},
       kInstitution},
  };
}

LocalisedText animal_words(const demo::SpeciesFacts& facts) {
  const bool bird = facts.habit != demo::Habit::grazing && facts.habit != demo::Habit::hunting;
  return {
      {"en", fmt::format("{} ({}), drawn and modelled by the project from the figure that walks "
                         "through the simulated plateau; {} {:.1f} m high. A sketch, not a plate "
                         "for identification.",
                         facts.common.en, facts.latin, bird ? "about" : "at the shoulder",
                         facts.height_m)},
      {"zh", fmt::format("{}（{}），由本项目按模拟高原中的形象绘制和建模，{}约{:.1f}米。"
                         "仅为示意，不作鉴定之用。",
                         facts.common.zh, facts.latin, bird ? "高" : "肩高", facts.height_m)}};
}

LocalisedText sheet_about() {
  return {
      {"en",
       "A dozen animals of high lakes and grasslands, each a drawing and a model of its own, to "
       "cut out, colour, print or put into something new."},
      {"zh", "高原湖泊与草原上的十二种动物，每种都有图画和三维模型，可剪裁、上色、打印或改编。"}};
}

LocalisedText counts_about() {
  return {{"en",
           "How many different animals of each kind came past the twelve windows in each hour of a "
           "day (UTC). These are the numbers that the simulated pictures are drawn from: what is "
           "counted in the pictures can be checked with them."},
          {"zh",
           "一天中每小时（UTC）经过十二扇窗的各种动物的数量。模拟画面正是据此绘制，"
           "因此可以用来核对从画面中得到的计数。"}};
}

LocalisedText sound_about() {
  return {{"en", "Wind, water and birds of the simulated plateau, as synthesised for this minute."},
          {"zh", "模拟高原上的风声、水声与鸟鸣，按此时此刻合成。"}};
}

LocalisedText moment_about(const demo::Area& area) {
  return {
      {"en", fmt::format("Cut from the window at {}, {:.0f} m above the sea. The plateau of this "
                         "demonstration is simulated.",
                         area.name.en, area.elevation_m)},
      {"zh", fmt::format("截取自{}之窗，海拔{:.0f}米。本演示中的高原为模拟画面。", area.name.zh,
                         area.elevation_m)}};
}

namespace {

Block words(std::string en, std::string zh) {
  Block block;
  block.text = {{"en", std::move(en)}, {"zh", std::move(zh)}};
  return block;
}

Block shown(BlockKind kind, std::string work, std::string en, std::string zh) {
  auto block = words(std::move(en), std::move(zh));
  block.kind = kind;
  block.work = std::move(work);
  return block;
}

Block window(std::string feed, std::string en, std::string zh) {
  auto block = words(std::move(en), std::move(zh));
  block.kind = BlockKind::live;
  block.feed = std::move(feed);
  return block;
}

Answer answer(std::string en, std::string zh, bool right = false) {
  return {{{"en", std::move(en)}, {"zh", std::move(zh)}}, right};
}

Block question(std::string en, std::string zh, std::vector<Answer> answers) {
  auto block = words(std::move(en), std::move(zh));
  block.kind = BlockKind::question;
  block.answers = std::move(answers);
  return block;
}

Block explained(Block block, std::string en, std::string zh) {
  block.explanation = {{"en", std::move(en)}, {"zh", std::move(zh)}};
  return block;
}

LessonPage page(std::string en, std::string zh, std::vector<Block> blocks) {
  return {{{"en", std::move(en)}, {"zh", std::move(zh)}}, std::move(blocks)};
}

std::string nth(const std::vector<std::string>& ids, std::size_t index) {
  return index < ids.size() ? ids[index] : "";
}

std::string animal(const TeachingWorks& works, const std::string& name) {
  const auto found = works.animals.find(name);
  return found == works.animals.end() ? "" : found->second;
}

Teaching counting(const TeachingWorks& works) {
  Teaching made{"lesson-counting", demo::Species::kiang, {}};
  auto& content = made.content;
  content.kind = WorkKind::lesson;
  content.title = {{"en", "Counting animals from a window"}, {"zh", "在窗前数动物"}};
  content.about = {{"en",
                    "Watch, count, compare: how a number comes out of a picture, and how sure "
                    "one can be of it."},
                   {"zh", "观察、计数、比较：数字如何从画面中得来，又有多可靠。"}};
  content.audience = commons::Ages{9, 12};
  content.minutes = 45;
  Block chart = shown(BlockKind::chart, works.counts, "Animals in each hour of a day",
                      "一天中每小时的动物数量");
  chart.chart =
      commons::Chart{"hour", {"Tibetan antelope", "Kiang", "Wild yak"}, commons::ChartShape::line};
  content.pages = {
      page("Look", "观察",
           {words("Watch the window for **two minutes** without a word. Write down every animal "
                  "that comes, and when.",
                  "静静地看窗外**两分钟**。记下出现的每只动物和时间。"),
            window(works.feed, "The window, now", "此刻窗外"),
            shown(BlockKind::film, nth(works.clips, 0), "Or this, if nobody comes",
                  "若没有动物出现，可以看这段")}),
      page("Count", "计数",
           {explained(question("An animal walks out of the picture on the left, and a minute later "
                               "one comes in from the left. How many were there?",
                               "一只动物从画面左侧走出，一分钟后又有一只从左侧进来。共有几只？",
                               {answer("One", "一只"), answer("Two", "两只"),
                                answer("One or two: the picture does not say",
                                       "一只或两只：画面无法判断", true)}),
                      "Who counts says also what he cannot know.",
                      "计数的人也应说明自己无法知道什么。"),
            shown(BlockKind::picture, nth(works.stills, 0), "How many do you find?",
                  "你能找到几只？")}),
      page("Compare", "比较",
           {std::move(chart), words("When do most of them come? What would you have to watch to be "
                                    "sure that it is so every day?",
                                    "什么时候最多？要确认每天都如此，还需要观察什么？")}),
  };
  return made;
}

Teaching grazers(const TeachingWorks& works) {
  Teaching made{"lesson-grazers", demo::Species::wild_yak, {}};
  auto& content = made.content;
  content.kind = WorkKind::lesson;
  content.title = {{"en", "Who lives up here?"}, {"zh", "谁住在高原上？"}};
  content.about = {{"en",
                    "Grazers, hunters and birds of high grassland: what they eat, and what "
                    "they are built for."},
                   {"zh", "高寒草原上的食草动物、捕食者和鸟类：吃什么，身体适合做什么。"}};
  content.audience = commons::Ages{6, 10};
  content.minutes = 30;
  content.pages = {
      page("Grazers", "食草动物",
           {shown(BlockKind::model, animal(works, "wild-yak"),
                  "Turn the yak round: what does its "
                  "long hair do?",
                  "转动野牦牛：长毛有什么用？"),
            explained(question("Why do yaks have hair almost to the ground?",
                               "为什么牦牛的毛几乎垂到地面？",
                               {answer("It keeps them warm in wind and snow", "在风雪中保暖", true),
                                answer("To hide from wolves", "为了躲避狼"),
                                answer("It is for show only", "只为好看")}),
                      "Winters up here fall below −30 °C.", "这里的冬天低于零下30摄氏度。")}),
      page("Hunters", "捕食者",
           {shown(BlockKind::model, animal(works, "snow-leopard"),
                  "The long tail keeps its balance on rocks", "长尾巴帮助它在岩石上保持平衡"),
            shown(BlockKind::model, animal(works, "tibetan-fox"), "It hunts pikas", "它捕食鼠兔")}),
      page("At the water", "水边",
           {shown(BlockKind::model, animal(works, "black-necked-crane"),
                  "Long legs for shallow water", "长腿适合在浅水中行走"),
            shown(BlockKind::sound, nth(works.sounds, 0), "Close your eyes and listen",
                  "闭上眼睛听一听"),
            words("Draw the animal that you would like to be, and write what it eats.",
                  "画出你想成为的动物，并写下它吃什么。")}),
  };
  return made;
}

Teaching exhibit(const TeachingWorks& works) {
  Teaching made{"exhibit-window", demo::Species::black_necked_crane, {}};
  auto& content = made.content;
  content.kind = WorkKind::exhibit;
  content.title = {{"en", "A window on the plateau"}, {"zh", "高原之窗"}};
  content.about = {{"en",
                    "For a hall: the plateau as it is now, who passed today, and who they "
                    "are."},
                   {"zh", "为展厅而作：此刻的高原、今天的来客，以及它们是谁。"}};
  content.minutes = 10;
  content.pages = {
      page("Now", "此刻", {window(works.feed, "Live", "直播")}),
      page("Today", "今天",
           {shown(BlockKind::film, nth(works.clips, 0), "Passing by", "路过"),
            shown(BlockKind::film, nth(works.clips, 1), "A little later", "稍后")}),
      page("Twelve neighbours", "十二位邻居",
           {shown(BlockKind::picture, works.sheet, "Which of them did you see?",
                  "你看到了其中哪些？"),
            explained(question("Which of them has a black neck?", "哪一种的脖子是黑色的？",
                               {answer("The crane", "鹤", true), answer("The swan", "天鹅"),
                                answer("The kiang", "藏野驴")}),
                      "The black-necked crane breeds on the plateau.", "黑颈鹤在高原上繁殖。")}),
  };
  return made;
}

// What shows a Work that is not there is left out.
void clean(commons::WorkContent& content) {
  for (auto& each : content.pages)
    std::erase_if(each.blocks, [](const Block& block) {
      return block.work.empty() && block.kind != BlockKind::text &&
             block.kind != BlockKind::question && block.kind != BlockKind::live;
    });
}

}  // namespace

std::vector<Teaching> demo_teaching(const TeachingWorks& works) {
  std::vector<Teaching> all{counting(works), grazers(works), exhibit(works)};
  for (auto& teaching : all) clean(teaching.content);
  return all;
}

}  // namespace oriel::app

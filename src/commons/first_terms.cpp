#include "commons/first_terms.h"

#include <string>
#include <string_view>

#include "commons/licence.h"
#include "commons/rows.h"
#include "commons/sdg_targets.h"

namespace oriel::commons {

namespace {

struct Goal {
  std::string_view en;
  std::string_view zh;
  int targets;               // 15.1, 15.2 …
  std::string_view letters;  // 15.a, 15.b …
};

// United Nations, A/RES/70/1, in its English and Chinese texts.
constexpr Goal kGoals[] = {
    {"No Poverty", "无贫穷", 5, "ab"},
    {"Zero Hunger", "零饥饿", 5, "abc"},
    {"Good Health and Well-Being", "良好健康与福祉", 9, "abcd"},
    {"Quality Education", "优质教育", 7, "abc"},
    {"Gender Equality", "性别平等", 6, "abc"},
    {"Clean Water and Sanitation", "清洁饮水和卫生设施", 6, "ab"},
    {"Affordable and Clean Energy", "经济适用的清洁能源", 3, "ab"},
    {"Decent Work and Economic Growth", "体面工作和经济增长", 10, "ab"},
    {"Industry, Innovation and Infrastructure", "产业、创新和基础设施", 5, "abc"},
    {"Reduced Inequalities", "减少不平等", 7, "abc"},
    {"Sustainable Cities and Communities", "可持续城市和社区", 7, "abc"},
    {"Responsible Consumption and Production", "负责任消费和生产", 8, "abc"},
    {"Climate Action", "气候行动", 3, "ab"},
    {"Life Below Water", "水下生物", 7, "abc"},
    {"Life on Land", "陆地生物", 9, "abc"},
    {"Peace, Justice and Strong Institutions", "和平、正义与强大机构", 10, "ab"},
    {"Partnerships for the Goals", "促进目标实现的伙伴关系", 19, ""},
};

std::string target_text(std::string_view target) {
  for (const auto& text : kTargetTexts)
    if (text.target == target) return std::string(text.en);
  return "Target " + std::string(target);
}

}  // namespace

std::vector<Term> first_terms() {
  std::vector<Term> terms;
  int number = 0;
  for (const auto& goal : kGoals) {
    const auto notation = std::to_string(++number);
    const auto uri = "http://metadata.un.org/sdg/" + notation;
    terms.push_back({uri,
                     TermScheme::sdg,
                     {{"en", std::string(goal.en)}, {"zh", std::string(goal.zh)}},
                     notation,
                     ""});
    const auto add_target = [&](const std::string& last) {
      const auto target = notation + "." + last;
      terms.push_back({"http://metadata.un.org/sdg/" + target,
                       TermScheme::sdg,
                       {{"en", target_text(target)}, {"zh", "具体目标 " + target}},
                       target,
                       uri});
    };
    for (int i = 1; i <= goal.targets; ++i) add_target(std::to_string(i));
    for (const char letter : goal.letters) add_target(std::string(1, letter));
  }
  for (const auto& licence : common_licences()) {
    if (licence.uri.empty()) continue;  // all rights reserved has no address
    terms.push_back({licence.uri,
                     TermScheme::licence,
                     {{"en", licence.name_en}, {"zh", licence.name_zh}},
                     licence.id,
                     ""});
  }
  return terms;
}

Result<void> add_first_terms(store::Session& session) {
  for (const auto& term : first_terms()) {
    ORIEL_TRY(
        session.execute("INSERT INTO term (uri, scheme, content) VALUES ($1, $2, $3)"
                        " ON CONFLICT (uri) DO NOTHING",
                        {term.uri, static_cast<std::int64_t>(term.scheme), rows::serialise(term)}));
  }
  return {};
}

}  // namespace oriel::commons

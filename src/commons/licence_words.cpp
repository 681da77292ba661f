// What a licence says, in words for everyone.
#include <string>

#include "commons/licence.h"

namespace oriel::commons {
namespace {

// One sentence in both languages; which one is asked for is known once.
struct Words {
  bool chinese;
  std::string operator()(const char* en, const char* zh) const { return chinese ? zh : en; }
};

void say_reserved(const Licence& licence, const Words& say, LicenceWords& words) {
  if (licence.licence_class == LicenceClass::unknown)
    words.must.push_back(
        say("Find out who holds the rights before you use it: nobody has said "
            "what may be done with it.",
            "使用前请先查明权利归属：目前没有人说明可以怎样使用。"));
  else
    words.must.push_back(
        say("Ask whoever holds the rights before you use it beyond what the law "
            "of your country allows.",
            "超出您所在国家法律允许的范围使用时，须先征得权利人同意。"));
  if (licence.id.ends_with("-InC-EDU"))
    words.may.push_back(say("Use it for teaching and learning.", "用于教学和学习。"));
  if (licence.id.ends_with("-InC-NC"))
    words.may.push_back(
        say("Use it for purposes that earn no money.", "用于不以营利为目的的用途。"));
  if (licence.id.ends_with("-NoC-US"))
    words.may.push_back(say("Use it in the United States, where it has no copyright.",
                            "在美国使用，该作品在美国不受版权保护。"));
}

}  // namespace

LicenceWords plain_words(const Licence& licence, std::string_view language) {
  const Words say{is_chinese(language)};
  LicenceWords words;
  if (!licence.may_share) {
    say_reserved(licence, say, words);
    return words;
  }
  words.may.push_back(say("Copy it and pass it on.", "复制并转发。"));
  if (licence.may_adapt)
    words.may.push_back(
        say("Change it, translate it, build on it.", "修改、翻译、在其基础上创作。"));
  if (licence.may_sell) words.may.push_back(say("Use it commercially too.", "也可用于商业用途。"));
  if (licence.asks_credit)
    words.must.push_back(
        say("Name its makers, its title, where it is from and its licence, and "
            "say what you changed.",
            "注明作者、标题、来源和许可，并说明所作的修改。"));
  if (licence.asks_share_alike)
    words.must.push_back(say("Pass on what you make from it under the same licence.",
                             "由此创作的作品须以相同的许可发布。"));
  if (licence.version > 0)
    words.must.push_back(
        say("Lay no further rules on others, neither by terms nor by technical locks.",
            "不得以条款或技术措施对他人附加其他限制。"));
  if (!licence.may_sell) words.must_not.push_back(say("Use it to earn money.", "用于营利。"));
  if (!licence.may_adapt)
    words.must_not.push_back(
        say("Pass on a changed version, a translation or an excerpt that changes it.",
            "转发经修改、翻译或改变原意的节选版本。"));
  return words;
}

}  // namespace oriel::commons

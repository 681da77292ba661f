#include "commons/licence.h"

#include <set>

#include <gtest/gtest.h>

namespace oriel::commons {
namespace {

struct Spelling {
  const char* text;
  const char* id;  // "" for a licence nobody knows
};

TEST(Licence, is_found_by_every_spelling_in_use) {
  const Spelling spellings[] = {
      {"CC-BY-SA-4.0", "CC-BY-SA-4.0"},
      {"cc by-sa 4.0", "CC-BY-SA-4.0"},
      {" CC BY-NC-ND 3.0 IGO ", "CC-BY-NC-ND-3.0-IGO"},
      {"http://creativecommons.org/licenses/by/4.0/", "CC-BY-4.0"},
      {"https://www.creativecommons.org/licenses/by/4.0", "CC-BY-4.0"},
      {"https://creativecommons.org/licenses/by-sa/3.0/de/deed.fr", "CC-BY-SA-3.0-DE"},
      {"https://creativecommons.org/licenses/by/2.1/jp/", "CC-BY-2.1-JP"},
      {"https://creativecommons.org/licenses/by/2.5/scotland/", "CC-BY-2.5-SCOTLAND"},
      {"https://creativecommons.org/licenses/by-nd-nc/1.0/legalcode", "CC-BY-NC-ND-1.0"},
      {"https://creativecommons.org/licenses/by-nc-sa/3.0/igo/legalcode.en?x#y",
       "CC-BY-NC-SA-3.0-IGO"},
      {"https://creativecommons.org/publicdomain/zero/1.0/deed.zh", "CC0-1.0"},
      {"CC0", "CC0-1.0"},
      {"https://creativecommons.org/publicdomain/mark/1.0/", "CC-PDM-1.0"},
      {"http://rightsstatements.org/vocab/InC-OW-EU/1.0/", "LicenseRef-RightsStatements-InC-OW-EU"},
      {"https://rightsstatements.org/page/NKC/1.0/?language=de", "LicenseRef-RightsStatements-NKC"},
      {"InC-EDU", "LicenseRef-RightsStatements-InC-EDU"},
      {"https://spdx.org/licenses/MIT.html", "MIT"},
      {"gpl-3.0-or-later", "GPL-3.0-or-later"},
      {"https://opendatacommons.org/licenses/odbl/1-0/", ""},
      {"https://opendatacommons.org/licenses/odbl/1.0/", "ODbL-1.0"},
      {"All rights reserved", "LicenseRef-AllRightsReserved"},
      // What is none.
      {"", ""},
      {"CC-BY", ""},
      {"CC-BY-5.0", ""},
      {"CC-BY-4.0-DE", ""},
      {"CC-BY-2.1", ""},
      {"CC-BY-4.0-IGO", ""},
      {"CC-BY-SA-ND-4.0", ""},
      {"CC-SA-4.0", ""},
      {"CC-BY-BY-4.0", ""},
      {"CC-BY-3.0-XX", ""},
      {"javascript://creativecommons.org/licenses/by/4.0/", ""},
      {"https://creativecommons.org.evil.example/licenses/by/4.0/", ""},
      {"https://evil.example/creativecommons.org/licenses/by/4.0/", ""},
      {"https://creativecommons.org/licenses/by/4.0/de/fr/", ""},
      {"https://spdx.org/licenses/http://spdx.org/licenses/MIT", ""},
      {"free for schools", ""},
  };
  for (const auto& spelling : spellings) {
    const auto found = find_licence(spelling.text);
    EXPECT_EQ(found ? found->id : "", spelling.id) << spelling.text;
  }
  EXPECT_FALSE(find_licence("https://" + std::string(100'000, '/')));
}

TEST(Licence, every_one_is_found_again_by_its_id_its_uri_and_its_link) {
  std::vector<std::string> names = {"CC0-1.0",    "CC-PDM-1.0",   "CC-PDDC",    "PDDL-1.0",
                                    "ODC-By-1.0", "ODbL-1.0",     "LAL-1.3",    "OGL-UK-3.0",
                                    "etalab-2.0", "GPL-2.0-only", "Apache-2.0", "OFL-1.1"};
  for (const char* version : {"1.0", "2.0", "2.5", "3.0", "4.0"})
    for (const char* kind : {"BY", "BY-SA", "BY-NC", "BY-NC-SA", "BY-ND", "BY-NC-ND"})
      names.push_back(std::string("CC-") + kind + "-" + version);
  for (const char* right : {"InC", "InC-OW-EU", "InC-EDU", "InC-NC", "InC-RUU", "NoC-CR", "NoC-NC",
                            "NoC-OKLR", "NoC-US", "CNE", "UND", "NKC"})
    names.push_back(std::string("LicenseRef-RightsStatements-") + right);
  std::set<std::string> uris;
  for (const auto& name : names) {
    const auto licence = find_licence(name);
    ASSERT_TRUE(licence) << name;
    EXPECT_EQ(licence->id, name);
    EXPECT_EQ(find_licence(licence->uri), licence) << licence->uri;
    EXPECT_EQ(find_licence(licence->link), licence) << licence->link;
    // IIIF and the vocabularies compare these byte by byte, with http.
    EXPECT_TRUE(licence->uri.starts_with("http://")) << licence->uri;
    EXPECT_TRUE(uris.insert(licence->uri).second) << licence->uri;
    EXPECT_FALSE(licence->name("en").empty());
    EXPECT_FALSE(licence->name("zh-Hans").empty());
  }
}

TEST(Licence, says_what_it_allows_and_asks) {
  struct Row {
    const char* id;
    LicenceClass licence_class;
    bool share, adapt, sell, credit, alike;
  };
  const Row rows[] = {
      {"CC0-1.0", LicenceClass::free, true, true, true, false, false},
      {"CC-BY-4.0", LicenceClass::by, true, true, true, true, false},
      {"CC-BY-SA-3.0-IGO", LicenceClass::by_sa, true, true, true, true, true},
      {"CC-BY-NC-4.0", LicenceClass::nc, true, true, false, true, false},
      {"CC-BY-NC-SA-2.0", LicenceClass::nc, true, true, false, true, true},
      {"CC-BY-ND-4.0", LicenceClass::nd, true, false, true, true, false},
      {"CC-BY-NC-ND-4.0", LicenceClass::nd, true, false, false, true, false},
      {"InC", LicenceClass::reserved, false, false, false, true, false},
      {"NoC-NC", LicenceClass::nc, true, true, false, false, false},
      {"UND", LicenceClass::unknown, false, false, false, false, false},
  };
  for (const auto& row : rows) {
    const auto licence = find_licence(row.id);
    ASSERT_TRUE(licence) << row.id;
    EXPECT_EQ(licence->licence_class, row.licence_class) << row.id;
    EXPECT_EQ(licence->may_share, row.share) << row.id;
    EXPECT_EQ(licence->may_adapt, row.adapt) << row.id;
    EXPECT_EQ(licence->may_sell, row.sell) << row.id;
    EXPECT_EQ(licence->asks_credit, row.credit) << row.id;
    EXPECT_EQ(licence->asks_share_alike, row.alike) << row.id;
  }
}

TEST(Licence, has_its_official_name_in_both_languages) {
  const auto licence = find_licence("CC-BY-NC-SA-4.0");
  EXPECT_EQ(licence->name("en"),
            "Creative Commons Attribution-NonCommercial-ShareAlike 4.0 International");
  EXPECT_EQ(licence->name("zh-CN"), "知识共享 署名-非商业性使用-相同方式共享 4.0 国际");
  EXPECT_EQ(licence->name("fr"), licence->name("en"));
}

TEST(Licence, in_plain_words_forbids_what_it_forbids_in_both_languages) {
  for (const char* language : {"en", "zh"}) {
    const auto words = plain_words(*find_licence("CC-BY-NC-ND-4.0"), language);
    EXPECT_EQ(words.may.size(), 1U);
    EXPECT_EQ(words.must.size(), 2U);
    EXPECT_EQ(words.must_not.size(), 2U);
    const auto free = plain_words(*find_licence("CC0-1.0"), language);
    EXPECT_EQ(free.may.size(), 3U);
    EXPECT_TRUE(free.must.empty());
    EXPECT_TRUE(free.must_not.empty());
    EXPECT_EQ(plain_words(*find_licence("InC-EDU"), language).may.size(), 1U);
  }
}

TEST(Licence, that_nobody_knows_is_refused_with_what_to_write) {
  const auto unknown = parse_licence("free for schools");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().kind, ErrorKind::invalid);
  EXPECT_NE(unknown.error().message.find("“free for schools” is a licence nobody knows"),
            std::string::npos);
  EXPECT_NE(parse_licence("CC BY-SA").error().message.find("CC-BY-SA-4.0"), std::string::npos);
  EXPECT_NE(parse_licence("").error().message.find("no licence is given"), std::string::npos);
}

}  // namespace
}  // namespace oriel::commons

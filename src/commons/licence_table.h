// The licences outside the system of Creative Commons' elements, one row each.
#pragma once
#include <array>
#include <string_view>

#include "commons/licence.h"

namespace oriel::commons::licence_table {

struct LicenceRow {
  std::string_view id;
  std::string_view uri;  // empty: spdx.org
  std::string_view name;
  std::string_view name_zh;  // empty: the English one is used
  LicenceClass licence_class;
  bool share, adapt, sell, credit, alike;
};

inline constexpr std::string_view kRightsVocabulary = "http://rightsstatements.org/vocab/";

using enum LicenceClass;

// Licences and dedications.
inline constexpr std::array kSpdxRows = {
    LicenceRow{"CC0-1.0", "http://creativecommons.org/publicdomain/zero/1.0/",
               "CC0 1.0 Universal (public domain dedication)", "CC0 1.0 通用（公共领域贡献）", free,
               true, true, true, false, false},
    LicenceRow{"CC-PDM-1.0", "http://creativecommons.org/publicdomain/mark/1.0/",
               "Public Domain Mark 1.0", "公共领域标记 1.0", free, true, true, true, false, false},
    LicenceRow{"CC-PDDC", "http://creativecommons.org/licenses/publicdomain/",
               "Public Domain Dedication and Certification", "公共领域贡献与认证", free, true, true,
               true, false, false},
    LicenceRow{"PDDL-1.0", "http://opendatacommons.org/licenses/pddl/1.0/",
               "Public Domain Dedication and License 1.0 (data)", "公共领域贡献许可 1.0（数据）",
               free, true, true, true, false, false},
    LicenceRow{"Unlicense", "", "The Unlicense", "", free, true, true, true, false, false},
    LicenceRow{"0BSD", "", "BSD Zero Clause", "", free, true, true, true, false, false},
    LicenceRow{"ODC-By-1.0", "http://opendatacommons.org/licenses/by/1.0/",
               "Open Data Commons Attribution 1.0", "开放数据共享 署名 1.0", by, true, true, true,
               true, false},
    LicenceRow{"ODbL-1.0", "http://opendatacommons.org/licenses/odbl/1.0/",
               "Open Database License 1.0", "开放数据库许可 1.0", by_sa, true, true, true, true,
               true},
    LicenceRow{"OGL-UK-3.0",
               "http://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/",
               "Open Government Licence 3.0 (UK)", "英国开放政府许可 3.0", by, true, true, true,
               true, false},
    LicenceRow{"etalab-2.0", "", "Licence Ouverte 2.0 (Etalab)", "", by, true, true, true, true,
               false},
    LicenceRow{"LAL-1.3", "http://artlibre.org/licence/lal/en/", "Free Art License 1.3",
               "自由艺术许可 1.3", by_sa, true, true, true, true, true},
    LicenceRow{"OFL-1.1", "", "SIL Open Font License 1.1", "", by_sa, true, true, true, true, true},
    LicenceRow{"GFDL-1.2-or-later", "", "GNU Free Documentation License 1.2 or later", "", by_sa,
               true, true, true, true, true},
    LicenceRow{"GFDL-1.3-or-later", "", "GNU Free Documentation License 1.3 or later", "", by_sa,
               true, true, true, true, true},
    LicenceRow{"MIT", "", "MIT License", "", by, true, true, true, true, false},
    LicenceRow{"ISC", "", "ISC License", "", by, true, true, true, true, false},
    LicenceRow{"BSD-2-Clause", "", "BSD 2-Clause License", "", by, true, true, true, true, false},
    LicenceRow{"BSD-3-Clause", "", "BSD 3-Clause License", "", by, true, true, true, true, false},
    LicenceRow{"Apache-2.0", "", "Apache License 2.0", "", by, true, true, true, true, false},
    LicenceRow{"MPL-2.0", "", "Mozilla Public License 2.0", "", by_sa, true, true, true, true,
               true},
    LicenceRow{"LGPL-2.1-or-later", "", "GNU LGPL 2.1 or later", "", by_sa, true, true, true, true,
               true},
    LicenceRow{"LGPL-3.0-or-later", "", "GNU LGPL 3.0 or later", "", by_sa, true, true, true, true,
               true},
    LicenceRow{"GPL-2.0-only", "", "GNU GPL 2.0 only", "", by_sa, true, true, true, true, true},
    LicenceRow{"GPL-2.0-or-later", "", "GNU GPL 2.0 or later", "", by_sa, true, true, true, true,
               true},
    LicenceRow{"GPL-3.0-only", "", "GNU GPL 3.0 only", "", by_sa, true, true, true, true, true},
    LicenceRow{"GPL-3.0-or-later", "", "GNU GPL 3.0 or later", "", by_sa, true, true, true, true,
               true},
    LicenceRow{"AGPL-3.0-or-later", "", "GNU AGPL 3.0 or later", "", by_sa, true, true, true, true,
               true},
};

// Statements, which give no permission of their own. The last part of the URI, "InC/1.0/", is made
// from the id. What may be done at all is what the statement itself says: only NoC-NC and NKC let
// everyone pass something on and change it.
inline constexpr std::array kRightsRows = {
    LicenceRow{"InC", "", "In Copyright", "受版权保护", reserved, false, false, false, true, false},
    LicenceRow{"InC-OW-EU", "", "In Copyright - EU Orphan Work", "受版权保护——欧盟孤儿作品",
               reserved, false, false, false, true, false},
    LicenceRow{"InC-EDU", "", "In Copyright - Educational Use Permitted",
               "受版权保护——允许教育用途", reserved, false, false, false, true, false},
    LicenceRow{"InC-NC", "", "In Copyright - Non-Commercial Use Permitted",
               "受版权保护——允许非商业用途", reserved, false, false, false, true, false},
    LicenceRow{"InC-RUU", "", "In Copyright - Rights-holder(s) Unlocatable or Unidentifiable",
               "受版权保护——无法找到或确认权利人", reserved, false, false, false, true, false},
    LicenceRow{"NoC-CR", "", "No Copyright - Contractual Restrictions", "无版权——有合同限制",
               reserved, false, false, false, false, false},
    LicenceRow{"NoC-NC", "", "No Copyright - Non-Commercial Use Only", "无版权——仅限非商业用途", nc,
               true, true, false, false, false},
    LicenceRow{"NoC-OKLR", "", "No Copyright - Other Known Legal Restrictions",
               "无版权——有其他已知法律限制", reserved, false, false, false, false, false},
    LicenceRow{"NoC-US", "", "No Copyright - United States", "在美国无版权", reserved, false, false,
               false, false, false},
    LicenceRow{"CNE", "", "Copyright Not Evaluated", "版权未评估", unknown, false, false, false,
               false, false},
    LicenceRow{"UND", "", "Copyright Undetermined", "版权未确定", unknown, false, false, false,
               false, false},
    LicenceRow{"NKC", "", "No Known Copyright", "无已知版权", free, true, true, true, false, false},
};

}  // namespace oriel::commons::licence_table

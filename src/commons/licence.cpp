#include "commons/licence.h"

#include <algorithm>
#include <array>
#include <utility>

#include "commons/licence_table.h"

namespace oriel::commons {
namespace {

using licence_table::kRightsRows;
using licence_table::kRightsVocabulary;
using licence_table::kSpdxRows;
using licence_table::LicenceRow;

constexpr std::size_t kTextBytesMax = 300;
constexpr std::string_view kReservedId = "LicenseRef-AllRightsReserved";
constexpr std::string_view kRightsPrefix = "LicenseRef-RightsStatements-";

// The countries (and Scotland, and the organisations between governments) CC was ported to.
constexpr std::array<std::string_view, 60> kPorts = {
    "am", "ar", "at", "au", "az", "be", "bg", "br", "ca", "ch", "cl", "cn", "co", "cr", "cz",
    "de", "dk", "ec", "ee", "eg", "es", "fi", "fr", "ge", "gr", "gt", "hk", "hr", "hu", "ie",
    "il", "in", "it", "jp", "kr", "lu", "mk", "mt", "mx", "my", "nl", "no", "nz", "pe", "ph",
    "pl", "pr", "pt", "ro", "rs", "se", "sg", "si", "th", "tw", "ug", "uk", "us", "ve", "vn"};

std::string lower(std::string_view text) {
  std::string out(text);
  for (auto& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (auto& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return out;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  for (std::size_t from = 0; from <= text.size();) {
    const auto end = std::min(text.find(at, from), text.size());
    if (end > from) parts.push_back(text.substr(from, end - from));
    from = end + 1;
  }
  return parts;
}

// 40 for "4.0"; 0 for no version of Creative Commons.
int version_number(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, int>, 6> kVersions = {
      {{"1.0", 10}, {"2.0", 20}, {"2.1", 21}, {"2.5", 25}, {"3.0", 30}, {"4.0", 40}}};
  for (const auto& [name, number] : kVersions)
    if (name == text) return number;
  return 0;
}

bool is_port(std::string_view port, int version) {
  if (port.empty()) return version != 21;  // 2.1 was made for some countries only
  if (version >= 40) return false;
  if (port == "igo") return version == 30;
  if (port == "scotland") return version == 25;
  if (port == "za") return true;
  return std::find(kPorts.begin(), kPorts.end(), port) != kPorts.end();
}

struct Elements {
  bool by = false, nc = false, sa = false, nd = false;
};

// "by", "nc", "sa", "nd" in any order, each once; nullopt for what CC never published: share-alike
// of what must not be changed, and since 2.0 nothing without credit.
std::optional<Elements> parse_elements(const std::vector<std::string_view>& words, int version) {
  Elements found;
  for (const auto word : words) {
    bool* element = word == "by"   ? &found.by
                    : word == "nc" ? &found.nc
                    : word == "sa" ? &found.sa
                    : word == "nd" ? &found.nd
                                   : nullptr;
    if (element == nullptr || *element) return std::nullopt;
    *element = true;
  }
  if (words.empty() || (found.sa && found.nd) || (!found.by && version != 10)) return std::nullopt;
  return found;
}

std::string joined(const std::vector<std::string>& words, std::string_view between) {
  std::string all;
  for (const auto& word : words) {
    if (!all.empty()) all += between;
    all += word;
  }
  return all;
}

void name_creative_commons(Licence& licence, const Elements& has, std::string_view version) {
  std::vector<std::string> en;
  std::vector<std::string> zh;
  const auto add = [&](bool wanted, const char* english, const char* chinese) {
    if (!wanted) return;
    en.emplace_back(english);
    zh.emplace_back(chinese);
  };
  add(has.by, "Attribution", "署名");
  add(has.nc, "NonCommercial", "非商业性使用");
  add(has.sa, "ShareAlike", "相同方式共享");
  add(has.nd, licence.version >= 40 ? "NoDerivatives" : "NoDerivs", "禁止演绎");
  std::string en_where = licence.version >= 40 ? "International" : "Unported";
  std::string zh_where = licence.version >= 40 ? "国际" : "未本地化版本";
  if (licence.version < 30) en_where = "Generic", zh_where = "通用";
  if (licence.port == "igo")
    en_where = "IGO", zh_where = "政府间组织";
  else if (licence.port == "scotland")
    en_where = "Scotland", zh_where = "苏格兰";
  else if (!licence.port.empty())
    en_where = zh_where = upper(licence.port);
  licence.name_en = "Creative Commons " + joined(en, "-") + " " + std::string(version);
  licence.name_en += " " + en_where;
  licence.name_zh = "知识共享 " + joined(zh, "-") + " " + std::string(version) + " " + zh_where;
}

// `words` are the elements in any order, lower-case.
std::optional<Licence> creative_commons(const std::vector<std::string_view>& words,
                                        std::string_view version_text, std::string_view port) {
  const int version = version_number(version_text);
  if (version == 0 || !is_port(port, version)) return std::nullopt;
  const auto has = parse_elements(words, version);
  if (!has) return std::nullopt;
  Licence licence;
  licence.version = version;
  licence.port = port;
  std::vector<std::string> order;
  if (has->by) order.emplace_back("by");
  if (has->nc) order.emplace_back("nc");
  if (has->sa) order.emplace_back("sa");
  if (has->nd) order.emplace_back("nd");
  licence.family = joined(order, "-");
  licence.id = "CC-" + upper(licence.family) + "-" + std::string(version_text);
  if (!port.empty()) licence.id += "-" + upper(port);
  // Version 1.0 wrote its last two elements the other way round in its address.
  std::string path = licence.family;
  if (version == 10 && has->nc && has->nd) path = has->by ? "by-nd-nc" : "nd-nc";
  path += "/" + std::string(version_text) + "/";
  if (!port.empty()) path += std::string(port) + "/";
  licence.uri = "http://creativecommons.org/licenses/" + path;
  licence.link = "https://creativecommons.org/licenses/" + path;
  licence.licence_class = has->nd   ? LicenceClass::nd
                          : has->nc ? LicenceClass::nc
                          : has->sa ? LicenceClass::by_sa
                                    : LicenceClass::by;
  licence.may_share = true;
  licence.may_adapt = !has->nd;
  licence.may_sell = !has->nc;
  licence.asks_credit = has->by;
  licence.asks_share_alike = has->sa;
  name_creative_commons(licence, *has, version_text);
  return licence;
}

Licence from_row(const LicenceRow& row, std::string id, std::string uri, std::string link) {
  Licence licence;
  licence.id = std::move(id);
  licence.uri = std::move(uri);
  licence.link = std::move(link);
  licence.name_en = row.name;
  licence.name_zh = row.name_zh.empty() ? row.name : row.name_zh;
  licence.licence_class = row.licence_class;
  licence.may_share = row.share;
  licence.may_adapt = row.adapt;
  licence.may_sell = row.sell;
  licence.asks_credit = row.credit;
  licence.asks_share_alike = row.alike;
  licence.family = licence.id;
  return licence;
}

Licence from_spdx(const LicenceRow& row) {
  const std::string id(row.id);
  std::string uri(row.uri);
  std::string link = uri;
  if (uri.empty()) {
    uri = "http://spdx.org/licenses/" + id;
    link = "https://spdx.org/licenses/" + id + ".html";
  } else if (uri.find("//creativecommons.org/") != std::string::npos ||
             uri.find("//opendatacommons.org/") != std::string::npos) {
    link.replace(0, 4, "https");
  }
  return from_row(row, id, std::move(uri), std::move(link));
}

Licence from_rights(const LicenceRow& row) {
  const std::string uri = std::string(kRightsVocabulary) + std::string(row.id) + "/1.0/";
  return from_row(row, std::string(kRightsPrefix) + std::string(row.id), uri, uri);
}

Licence all_rights_reserved() {
  constexpr LicenceRow kRow{"",
                            "",
                            "All rights reserved",
                            "保留所有权利",
                            LicenceClass::reserved,
                            false,
                            false,
                            false,
                            true,
                            false};
  return from_row(kRow, std::string(kReservedId), "", "");
}

bool same_address(std::string_view a, std::string_view b) {
  const auto bare = [](std::string_view address) {
    std::string text = lower(address);
    for (const std::string_view prefix : {"http://", "https://", "www."})
      if (text.starts_with(prefix)) text.erase(0, prefix.size());
    if (text.starts_with("www.")) text.erase(0, 4);
    while (text.ends_with('/')) text.pop_back();
    return text;
  };
  return bare(a) == bare(b);
}

// `path` is lower-case, without the host: "licenses/by-sa/3.0/de/deed.fr".
std::optional<Licence> from_cc_path(std::string_view path) {
  auto parts = split(path, '/');
  if (!parts.empty() && (parts.back().starts_with("deed") || parts.back().starts_with("legalcode")))
    parts.pop_back();
  if (parts.size() == 3 && parts[0] == "publicdomain" && parts[2] == "1.0") {
    if (parts[1] == "zero") return from_spdx(kSpdxRows[0]);
    if (parts[1] == "mark") return from_spdx(kSpdxRows[1]);
    return std::nullopt;
  }
  if (parts.size() == 2 && parts[0] == "licenses" && parts[1] == "publicdomain")
    return from_spdx(kSpdxRows[2]);
  if (parts.size() < 3 || parts.size() > 4 || parts[0] != "licenses") return std::nullopt;
  return creative_commons(split(parts[1], '-'), parts[2],
                          parts.size() == 4 ? parts[3] : std::string_view{});
}

std::optional<Licence> from_address(std::string_view text) {
  auto address = text.substr(0, text.find_first_of("?#"));
  const std::string small = lower(address);
  std::string_view rest = small;
  rest.remove_prefix(rest.find("://") + 3);
  if (rest.starts_with("www.")) rest.remove_prefix(4);
  constexpr std::string_view kCc = "creativecommons.org/";
  if (rest.starts_with(kCc)) return from_cc_path(rest.substr(kCc.size()));
  constexpr std::string_view kRights = "rightsstatements.org/";
  if (rest.starts_with(kRights)) {
    // "vocab/InC/1.0/" names the statement, "page/InC/1.0/" is its page.
    const auto parts = split(rest.substr(kRights.size()), '/');
    if (parts.size() != 3 || (parts[0] != "vocab" && parts[0] != "page") || parts[2] != "1.0")
      return std::nullopt;
    for (const auto& row : kRightsRows)
      if (lower(row.id) == parts[1]) return from_rights(row);
    return std::nullopt;
  }
  constexpr std::string_view kSpdx = "spdx.org/licenses/";
  if (rest.starts_with(kSpdx)) {
    rest.remove_prefix(kSpdx.size());
    for (const std::string_view end : {".html", ".json", "/"})
      if (rest.ends_with(end)) rest.remove_suffix(end.size());
    return rest.find("://") == std::string_view::npos ? find_licence(rest) : std::nullopt;
  }
  for (const auto& row : kSpdxRows)
    if (!row.uri.empty() && same_address(row.uri, address)) return from_spdx(row);
  return std::nullopt;
}

// "CC-BY-SA-3.0-DE": elements, version, port.
std::optional<Licence> from_cc_id(std::string_view id) {
  const auto parts = split(id, '-');
  std::vector<std::string_view> words;
  std::size_t at = 1;
  for (; at < parts.size() && version_number(parts[at]) == 0; ++at) words.push_back(parts[at]);
  if (at >= parts.size() || parts.size() > at + 2) return std::nullopt;
  return creative_commons(words, parts[at],
                          at + 1 < parts.size() ? parts[at + 1] : std::string_view{});
}

}  // namespace

bool is_chinese(std::string_view language) {
  const std::string small = lower(language);
  return small == "zh" || small.starts_with("zh-") || small.starts_with("zh_");
}

std::vector<std::string> languages_wanted(std::string_view language) {
  std::vector<std::string> wanted;
  while (!language.empty()) {
    wanted.emplace_back(language);
    const auto dash = language.rfind('-');
    language = dash == std::string_view::npos ? std::string_view{} : language.substr(0, dash);
  }
  return wanted;
}

const std::string& Licence::name(std::string_view language) const {
  return is_chinese(language) ? name_zh : name_en;
}

std::optional<Licence> find_licence(std::string_view given) {
  const auto text = trimmed(given);
  if (text.empty() || text.size() > kTextBytesMax) return std::nullopt;
  if (text.find("://") != std::string_view::npos) {
    if (!text.starts_with("http://") && !text.starts_with("https://")) return std::nullopt;
    return from_address(text);
  }
  std::string id = lower(text);
  if (id == "all rights reserved" || id == lower(kReservedId) || text == "保留所有权利")
    return all_rights_reserved();
  std::replace(id.begin(), id.end(), ' ', '-');
  if (id == "cc0" || id == "cc-0" || id == "cc0-1.0" || id == "cc-zero")
    return from_spdx(kSpdxRows[0]);
  if (id == "pdm" || id == "public-domain-mark" || id == "public-domain-mark-1.0")
    return from_spdx(kSpdxRows[1]);
  for (const auto& row : kSpdxRows)
    if (lower(row.id) == id) return from_spdx(row);
  if (id.starts_with("cc-")) return from_cc_id(id);
  if (id.starts_with(lower(kRightsPrefix))) id.erase(0, kRightsPrefix.size());
  for (const auto& row : kRightsRows)
    if (lower(row.id) == id) return from_rights(row);
  return std::nullopt;
}

Result<Licence> parse_licence(std::string_view text) {
  if (auto found = find_licence(text)) return std::move(*found);
  const std::string shown(trimmed(text).substr(0, 80));
  if (shown.empty())
    return fail(ErrorKind::invalid, "no licence is given: write one such as CC-BY-4.0");
  std::string small = lower(shown);
  std::replace(small.begin(), small.end(), ' ', '-');
  if (small.starts_with("cc-") && small.find_first_of("0123456789") == std::string::npos)
    return fail(
        ErrorKind::invalid,
        "“" + shown + "” does not say which version: write for example " + upper(small) + "-4.0");
  return fail(ErrorKind::invalid,
              "“" + shown +
                  "” is a licence nobody knows: give the SPDX id (CC-BY-4.0) or the address of a "
                  "Creative Commons licence or of a statement of rightsstatements.org");
}

std::vector<Licence> common_licences() {
  std::vector<Licence> all;
  for (const std::string_view id :
       {"CC-BY-4.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0", "CC-BY-NC-SA-4.0", "CC-BY-ND-4.0",
        "CC-BY-NC-ND-4.0", "CC0-1.0", "CC-PDM-1.0", "InC", "All rights reserved"})
    all.push_back(*find_licence(id));
  return all;
}

}  // namespace oriel::commons

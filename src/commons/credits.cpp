#include "commons/credits.h"

#include <algorithm>
#include <utility>

#include "base/json.h"

namespace oriel::commons {
namespace {

constexpr std::size_t kAddressBytesMax = 2000;

// One line: what would break a line, a cell or a tag is a space; other control characters go.
std::string one_line(std::string_view text) {
  std::string line;
  line.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n' || c == '\r' || c == '\t')
      line += line.empty() || line.back() == ' ' ? "" : " ";
    else if (byte >= 0x20 && byte != 0x7f)
      line += c;
  }
  while (line.ends_with(' ')) line.pop_back();
  return line;
}

// Only addresses that a page may link to, with what breaks out of quotes or brackets encoded.
std::string safe_address(std::string_view address) {
  if (!address.starts_with("http://") && !address.starts_with("https://")) return "";
  if (address.size() > kAddressBytesMax) return "";
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string safe;
  for (const char c : address) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte >= 0x7f ||
        std::string_view("\"'<>\\^`{|}()[]").find(c) != std::string_view::npos) {
      safe += '%';
      safe += kDigits[byte >> 4];
      safe += kDigits[byte & 15];
    } else {
      safe += c;
    }
  }
  return safe;
}

std::string escape_markdown(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("\\`*_{}[]()<>#+-.!|&~=:@$^\"'").find(c) != std::string_view::npos)
      out += '\\';
    out += c;
  }
  return out;
}

std::string escape_csv(std::string_view text) {
  std::string cell(text);
  if (!cell.empty() && std::string_view("=+-@").find(cell.front()) != std::string_view::npos)
    cell.insert(cell.begin(), '\'');
  if (cell.find_first_of("\",\r\n") == std::string::npos) return cell;
  std::string quoted = "\"";
  for (const char c : cell) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

std::string listed(const std::vector<std::string>& items, std::string_view between) {
  std::string all;
  for (const auto& item : items) {
    if (!all.empty()) all += between;
    all += item;
  }
  return all;
}

struct Phrases {
  std::string_view credits, untitled, by, between, adapted, whole, used_for, changes, comma, stop;
};
constexpr Phrases kEnglish{"Credits",   "Untitled",  " by ",      ", ", "adapted",
                           "unchanged", "used for ", "Changes: ", ", ", "."};
constexpr Phrases kChinese{"署名",     "无题", "，作者：", "、", "有改动",
                           "原样使用", "用于", "改动：",   "，", "。"};

const Phrases& phrases_of(std::string_view language) {
  return is_chinese(language) ? kChinese : kEnglish;
}

// How the pieces are dressed; the order and the words are the same in each kind of text.
struct Dress {
  std::string (*text)(std::string_view);
  std::string (*title)(const Credit&, std::string_view title);
  std::string (*link)(std::string_view address, std::string_view shown);
};

std::string sentence(const Credit& credit, const Phrases& say, const Dress& dress) {
  const std::string title = credit.title.empty() ? std::string(say.untitled) : credit.title;
  std::string line = dress.title(credit, title);
  if (!credit.makers.empty())
    line += dress.text(say.by) + dress.text(listed(credit.makers, say.between));
  line += dress.text(say.comma);
  line += credit.licence_link.empty() ? dress.text(credit.licence)
                                      : dress.link(credit.licence_link, credit.licence);
  if (!credit.used.empty()) {
    line += dress.text(say.comma);
    line += dress.text(credit.used == "adapted" ? say.adapted : say.whole);
    if (!credit.used_for.empty())
      line += dress.text(say.comma) + dress.text(say.used_for) + dress.text(credit.used_for);
  }
  line += dress.text(say.stop);
  if (!credit.changes.empty()) line += " " + dress.text(say.changes) + dress.text(credit.changes);
  return line;
}

std::string html_link(std::string_view address, std::string_view shown) {
  return "<a rel=\"license\" href=\"" + escape_html(address) + "\">" + escape_html(shown) + "</a>";
}

std::string html_title(const Credit& credit, std::string_view title) {
  std::string shown = "<cite dir=\"auto\"";
  if (!credit.title_language.empty())
    shown += " lang=\"" + escape_html(credit.title_language) + "\"";
  shown += ">" + escape_html(title) + "</cite>";
  if (credit.address.empty()) return shown;
  return "<a href=\"" + escape_html(credit.address) + "\">" + shown + "</a>";
}

std::string markdown_link(std::string_view address, std::string_view shown) {
  return "[" + escape_markdown(shown) + "](" + std::string(address) + ")";
}

std::string markdown_title(const Credit& credit, std::string_view title) {
  return credit.address.empty() ? "*" + escape_markdown(title) + "*"
                                : markdown_link(credit.address, title);
}

std::string as_markdown(const std::vector<Credit>& credits, const Phrases& say) {
  std::string text = "# " + std::string(say.credits) + "\n\n";
  for (const auto& credit : credits)
    text += "- " + sentence(credit, say, {escape_markdown, markdown_title, markdown_link}) + "\n";
  return text;
}

std::string as_html(const std::vector<Credit>& credits, const Phrases& say,
                    std::string_view language) {
  std::string text = "<section class=\"credits\" lang=\"" +
                     std::string(is_chinese(language) ? "zh" : "en") + "\">\n<h2>" +
                     std::string(say.credits) + "</h2>\n<ul>\n";
  for (const auto& credit : credits)
    text += "<li>" + sentence(credit, say, {escape_html, html_title, html_link}) + "</li>\n";
  return text + "</ul>\n</section>\n";
}

std::string as_csv(const std::vector<Credit>& credits) {
  std::string text =
      "title,authors,source,licence,licence_id,licence_link,used,used_for,changes,depth,id\r\n";
  for (const auto& credit : credits) {
    const std::vector<std::string> cells = {
        credit.title,      listed(credit.makers, "; "),  credit.address, credit.licence,
        credit.licence_id, credit.licence_link,          credit.used,    credit.used_for,
        credit.changes,    std::to_string(credit.depth), credit.id};
    for (std::size_t i = 0; i < cells.size(); ++i)
      text += (i == 0 ? "" : ",") + escape_csv(cells[i]);
    text += "\r\n";
  }
  return text;
}

Credit credit_of(const ChainWork& work, std::string_view language) {
  const std::vector<std::string> wanted = languages_wanted(language);
  Credit credit;
  credit.id = one_line(work.id);
  const std::string_view title = text_in(work.titles, wanted);
  credit.title = one_line(title);
  for (const auto& [tag, words] : work.titles)
    if (words.data() == title.data()) credit.title_language = tag;
  for (const auto& maker : work.makers)
    if (auto name = one_line(maker); !name.empty()) credit.makers.push_back(std::move(name));
  credit.address = safe_address(work.address);
  if (const auto licence = find_licence(work.licence)) {
    credit.licence = licence->name(language);
    credit.licence_id = licence->id;
    credit.licence_link = licence->link;
  } else {
    credit.licence = one_line(work.licence);
  }
  credit.changes = one_line(text_in(work.changes, wanted));
  return credit;
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) out += c;
    }
  }
  return out;
}

Result<std::vector<Credit>> credits(const Chain& chain, std::string_view language) {
  // The shape of the chain is checked in one place.
  ORIEL_TRY(whole_terms(chain));
  std::vector<bool> seen(chain.size(), false);
  std::vector<std::size_t> order{0};
  std::vector<Credit> all{credit_of(chain[0], language)};
  seen[0] = true;
  for (std::size_t at = 0; at < order.size(); ++at) {
    for (const auto& source : chain[order[at]].sources) {
      if (seen[source.work]) continue;
      seen[source.work] = true;
      order.push_back(source.work);
      Credit credit = credit_of(chain[source.work], language);
      credit.used = source.derivation == Derivation::adapts ? "adapted" : "unchanged";
      credit.used_for = all[at].title;
      credit.depth = all[at].depth + 1;
      all.push_back(std::move(credit));
    }
  }
  return all;
}

std::string format_credits(const std::vector<Credit>& credits, CreditsFormat format,
                           std::string_view language) {
  const Phrases& say = phrases_of(language);
  switch (format) {
    case CreditsFormat::markdown:
      return as_markdown(credits, say);
    case CreditsFormat::html:
      return as_html(credits, say, language);
    case CreditsFormat::json:
      return json::serialize(to_json(credits)) + "\n";
    case CreditsFormat::csv:
      return as_csv(credits);
  }
  return "";
}

std::string credit_line(const Credit& credit, std::string_view language) {
  const Phrases& say = phrases_of(language);
  std::string line = "“" + (credit.title.empty() ? std::string(say.untitled) : credit.title) + "”";
  if (!credit.makers.empty()) line += std::string(say.by) + listed(credit.makers, say.between);
  for (const auto& part : {credit.address, credit.licence, credit.licence_link})
    if (!part.empty()) line += std::string(say.comma) + part;
  return line;
}

}  // namespace oriel::commons

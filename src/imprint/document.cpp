// PDF (ISO 32000-1): an incremental update (7.5.6) that adds a metadata stream (14.3.2) and a
// catalog that names it. What was there stays as it is, byte for byte.
#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "imprint/formats.h"
#include "imprint/xmp.h"

namespace oriel::imprint {
namespace {

constexpr std::uint64_t kObjectBytesMax = 64u << 10;
constexpr std::uint64_t kPacketBytesMax = 1u << 20;
constexpr int kSectionsMax = 64;
constexpr int kDepthMax = 32;
constexpr std::uint64_t kFileBytesMax = 9'999'999'999;  // an offset has ten digits
constexpr std::string_view kOdd = "its index is of a kind that is left alone";

bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == '\0';
}
bool is_delimiter(char c) {
  return is_space(c) || std::string_view("()<>[]{}/%").find(c) != std::string_view::npos;
}

// A cursor over PDF's text.
class Text {
 public:
  explicit Text(std::string_view text) : text_(text) {}
  std::size_t at() const { return at_; }
  bool ended() const { return at_ >= text_.size(); }
  void skip_space() {
    while (!ended()) {
      if (text_[at_] == '%')
        while (!ended() && text_[at_] != '\n' && text_[at_] != '\r') ++at_;
      else if (is_space(text_[at_]))
        ++at_;
      else
        return;
    }
  }
  // Whether this comes next; then it is taken.
  bool take(std::string_view word) {
    if (text_.substr(std::min(at_, text_.size()), word.size()) != word) return false;
    at_ += word.size();
    return true;
  }
  std::optional<std::uint64_t> number() {
    skip_space();
    std::uint64_t value = 0;
    const auto* begin = text_.data() + std::min(at_, text_.size());
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), value);
    if (error != std::errc()) return std::nullopt;
    at_ += static_cast<std::size_t>(end - begin);
    return value;
  }
  // "/Name" with its slash; "": none comes next.
  std::string_view name() {
    if (ended() || text_[at_] != '/') return {};
    const auto begin = at_++;
    while (!ended() && !is_delimiter(text_[at_])) ++at_;
    return text_.substr(begin, at_ - begin);
  }
  bool skip_value(int depth);

 private:
  bool skip_string();
  bool skip_reference();

  std::string_view text_;
  std::size_t at_ = 0;
};

bool Text::skip_string() {
  int open = 0;
  for (; !ended(); ++at_) {
    const char c = text_[at_];
    if (c == '\\')
      ++at_;
    else if (c == '(')
      ++open;
    else if (c == ')' && --open == 0) {
      ++at_;
      return true;
    }
  }
  return false;
}

// What comes after a whole number may make it "12 0 R".
bool Text::skip_reference() {
  const auto begin = at_;
  if (number() && number()) {
    skip_space();
    if (take("R")) return true;
  }
  at_ = begin;
  return false;
}

bool Text::skip_value(int depth) {
  skip_space();
  if (ended() || depth > kDepthMax) return false;
  const char c = text_[at_];
  if (c == '/') return !name().empty();
  if (c == '(') return skip_string();
  const bool dictionary = take("<<");
  if (dictionary || c == '[') {
    if (!dictionary) ++at_;
    for (;;) {
      skip_space();
      if (take(dictionary ? ">>" : "]")) return true;
      if (!skip_value(depth + 1)) return false;
    }
  }
  if (c == '<') {
    while (!ended() && text_[at_] != '>') ++at_;
    return !ended() && take(">");
  }
  if (skip_reference()) return true;
  const auto begin = at_;
  while (!ended() && !is_delimiter(text_[at_])) ++at_;
  return at_ > begin;
}

// A dictionary: names with the text of their values, in order.
using Dictionary = std::vector<std::pair<std::string, std::string>>;

std::optional<Dictionary> dictionary_at(std::string_view text, std::size_t& at) {
  text = text.substr(std::min(at, text.size()));
  Text cursor(text);
  cursor.skip_space();
  if (!cursor.take("<<")) return std::nullopt;
  Dictionary found;
  for (;;) {
    cursor.skip_space();
    if (cursor.take(">>")) {
      at += cursor.at();
      return found;
    }
    const auto name = cursor.name();
    const auto begin = cursor.at();
    if (name.empty() || !cursor.skip_value(0)) return std::nullopt;
    found.emplace_back(name, text.substr(begin, cursor.at() - begin));
  }
}

std::string_view value_of(const Dictionary& dictionary, std::string_view name) {
  for (const auto& entry : dictionary)
    if (entry.first == name) return entry.second;
  return {};
}

struct Reference {
  std::uint64_t object = 0;
  std::uint64_t generation = 0;
};

std::optional<Reference> reference_of(std::string_view value) {
  Text text(value);
  const auto object = text.number();
  const auto generation = text.number();
  text.skip_space();
  if (!object || !generation || *object == 0 || !text.take("R")) return std::nullopt;
  return Reference{*object, *generation};
}

std::optional<std::uint64_t> number_of(std::string_view value) { return Text(value).number(); }

// One table of the index.
struct Section {
  struct Run {
    std::uint64_t first = 0;
    std::uint64_t count = 0;
    std::uint64_t at = 0;  // of its entries, 20 bytes each
  };
  std::vector<Run> runs;
  Dictionary trailer;
};

Result<Section> section_at(Look& look, std::uint64_t at) {
  Section section;
  ORIEL_TRY_ASSIGN(auto window, look.up_to(at, 64));
  Text start(as_text(window));
  start.skip_space();
  if (!start.take("xref")) return fail(ErrorKind::unsupported, "its index is compressed");
  for (at += start.at(); section.runs.size() < 10'000;) {
    ORIEL_TRY_ASSIGN(window, look.up_to(at, 64));
    Text text(as_text(window));
    text.skip_space();
    if (text.take("trailer")) {
      ORIEL_TRY_ASSIGN(const auto bytes, look.up_to(at + text.at(), kObjectBytesMax));
      std::size_t from = 0;
      auto trailer = dictionary_at(as_text(bytes), from);
      if (!trailer) break;
      section.trailer = std::move(*trailer);
      return section;
    }
    const auto first = text.number();
    const auto count = text.number();
    text.skip_space();
    if (!first || !count || *count > look.bytes() / 20) break;
    section.runs.push_back({*first, *count, at + text.at()});
    at += text.at() + *count * 20;
  }
  return fail(ErrorKind::unsupported, std::string(kOdd));
}

// The index, newest table first.
Result<std::vector<Section>> index_of(Look& look, std::uint64_t at) {
  std::vector<Section> sections;
  for (;;) {
    ORIEL_TRY_ASSIGN(auto section, section_at(look, at));
    const auto& trailer = section.trailer;
    if (!value_of(trailer, "/Encrypt").empty())
      return fail(ErrorKind::unsupported, "it is encrypted");
    if (!value_of(trailer, "/XRefStm").empty())
      return fail(ErrorKind::unsupported, "a part of its index is compressed");
    const auto previous = value_of(trailer, "/Prev");
    const auto next = number_of(previous);
    sections.push_back(std::move(section));
    if (previous.empty()) return sections;
    if (!next || sections.size() == kSectionsMax)
      return fail(ErrorKind::unsupported, std::string(kOdd));
    at = *next;
  }
}

// Where an object lies. Errors: unsupported (it is not there).
Result<std::uint64_t> place_of(Look& look, const std::vector<Section>& index, Reference wanted) {
  for (const auto& section : index) {
    for (const auto& run : section.runs) {
      if (wanted.object < run.first || wanted.object - run.first >= run.count) continue;
      ORIEL_TRY_ASSIGN(const auto entry, look.at(run.at + (wanted.object - run.first) * 20, 20));
      Text text(as_text(entry));
      const auto at = text.number();
      const auto generation = text.number();
      text.skip_space();
      if (!at || generation != wanted.generation || !text.take("n"))
        return fail(ErrorKind::unsupported, std::string(kOdd));
      return *at;
    }
  }
  return fail(ErrorKind::unsupported, std::string(kOdd));
}

struct Object {
  Dictionary dictionary;
  std::uint64_t end = 0;  // in the file, behind the dictionary
};

Result<Object> object_at(Look& look, const std::vector<Section>& index, Reference wanted) {
  ORIEL_TRY_ASSIGN(const auto at, place_of(look, index, wanted));
  ORIEL_TRY_ASSIGN(const auto bytes, look.up_to(at, kObjectBytesMax));
  Text text(as_text(bytes));
  const auto number = text.number();
  const auto generation = text.number();
  text.skip_space();
  if (number != wanted.object || generation != wanted.generation || !text.take("obj"))
    return fail(ErrorKind::unsupported, "its index does not fit its objects");
  std::size_t end = text.at();
  auto dictionary = dictionary_at(as_text(bytes), end);
  if (!dictionary) return fail(ErrorKind::unsupported, "an object of it is of an odd form");
  return Object{std::move(*dictionary), at + end};
}

// The packet it has, where that can be read as it is; else "".
Result<std::string> packet_of(Look& look, const std::vector<Section>& index,
                              const Dictionary& catalog) {
  const auto reference = reference_of(value_of(catalog, "/Metadata"));
  if (!reference) return std::string();
  auto object = object_at(look, index, *reference);
  if (!object) return std::string();
  const auto length = value_of(object->dictionary, "/Length");
  const auto bytes = number_of(length);
  if (!bytes || reference_of(length) || *bytes > kPacketBytesMax ||
      !value_of(object->dictionary, "/Filter").empty())
    return std::string();
  ORIEL_TRY_ASSIGN(const auto start, look.up_to(object->end, 32));
  Text text(as_text(start));
  text.skip_space();
  if (!text.take("stream")) return std::string();
  if (!text.take("\r\n") && !text.take("\n")) return std::string();
  ORIEL_TRY_ASSIGN(const auto packet, look.at(object->end + text.at(), *bytes));
  return std::string(as_text(packet));
}

// A signature speaks of all bytes: to add some would make people ask.
Result<bool> is_signed(Look& look, const std::vector<Section>& index, const Dictionary& catalog) {
  if (!value_of(catalog, "/Perms").empty()) return true;
  const auto form = value_of(catalog, "/AcroForm");
  if (form.find("/SigFlags") != std::string_view::npos) return true;
  const auto reference = reference_of(form);
  if (!reference) return false;
  ORIEL_TRY_ASSIGN(const auto object, object_at(look, index, *reference));
  return !value_of(object.dictionary, "/SigFlags").empty();
}

Result<std::uint64_t> newest_index(Look& look) {
  ORIEL_TRY_ASSIGN(const auto head, look.at(0, 5));
  if (as_text(head) != "%PDF-") return fail(ErrorKind::data_loss, "it does not begin as a PDF");
  const auto from = look.bytes() - std::min<std::uint64_t>(look.bytes(), 2048);
  ORIEL_TRY_ASSIGN(const auto tail, look.up_to(from, 2048));
  constexpr std::string_view kWord = "startxref";
  const auto at = as_text(tail).rfind(kWord);
  const auto offset = at == std::string_view::npos
                          ? std::nullopt
                          : number_of(as_text(tail).substr(at + kWord.size()));
  if (!offset || *offset >= look.bytes()) return fail(ErrorKind::data_loss, "its end is missing");
  return *offset;
}

// The update as text, to be put behind the file.
std::string update_of(std::uint64_t file_bytes, std::uint64_t old_index, const Dictionary& trailer,
                      const Dictionary& catalog, Reference root, std::string_view packet) {
  const auto number = *number_of(value_of(trailer, "/Size"));
  std::string text = "\n";
  const auto catalog_at = file_bytes + text.size();
  text += fmt::format("{} {} obj\n<<", root.object, root.generation);
  for (const auto& entry : catalog)
    if (entry.first != "/Metadata") text += entry.first + " " + entry.second + "\n";
  text += fmt::format("/Metadata {} 0 R>>\nendobj\n", number);
  const auto packet_at = file_bytes + text.size();
  text += fmt::format("{} 0 obj\n<</Type /Metadata /Subtype /XML /Length {}>>\nstream\n", number,
                      packet.size());
  text += packet;
  text += "\nendstream\nendobj\n";
  const auto index_at = file_bytes + text.size();
  text += fmt::format("xref\n{} 1\n{:010} {:05} n \n{} 1\n{:010} 00000 n \n", root.object,
                      catalog_at, root.generation, number, packet_at);
  text += fmt::format("trailer\n<</Size {} /Root {} {} R /Prev {}", number + 1, root.object,
                      root.generation, old_index);
  for (const auto* name : {"/Info", "/ID"})
    if (const auto value = value_of(trailer, name); !value.empty())
      text += fmt::format(" {} {}", name, value);
  return text + fmt::format(">>\nstartxref\n{}\n%%EOF\n", index_at);
}

}  // namespace

Result<Changes> mark_pdf(Look& look, const Legend& legend) {
  if (look.bytes() > kFileBytesMax - (4u << 20))
    return fail(ErrorKind::unsupported, "it is as long as a PDF can be");
  ORIEL_TRY_ASSIGN(const auto newest, newest_index(look));
  ORIEL_TRY_ASSIGN(const auto index, index_of(look, newest));
  const auto& trailer = index.front().trailer;
  const auto root = reference_of(value_of(trailer, "/Root"));
  const auto size = number_of(value_of(trailer, "/Size"));
  if (!root || !size || *size > 8'388'607 || root->generation > 65'535)
    return fail(ErrorKind::unsupported, std::string(kOdd));
  ORIEL_TRY_ASSIGN(const auto catalog, object_at(look, index, *root));
  if (value_of(catalog.dictionary, "/Type").find("/Catalog") == std::string_view::npos)
    return fail(ErrorKind::unsupported, "its index does not fit its objects");
  ORIEL_TRY_ASSIGN(const bool is_closed, is_signed(look, index, catalog.dictionary));
  if (is_closed) return fail(ErrorKind::unsupported, "it is signed");
  ORIEL_TRY_ASSIGN(const auto old, packet_of(look, index, catalog.dictionary));
  Change added{look.bytes(), 0, {}};
  append(added.bytes, update_of(look.bytes(), newest, trailer, catalog.dictionary, *root,
                                xmp_packet(legend, old)));
  return Changes{std::move(added)};
}

}  // namespace oriel::imprint

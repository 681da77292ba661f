#include "commons/csv.h"

#include <algorithm>
#include <array>

#include <iconv.h>

#include "commons/text.h"

namespace oriel::commons {

namespace {

constexpr std::size_t kBufferBytes = 1u << 16;

// CR goes: it is no plain text, and stands before LF in a field of several lines.
bool is_utf8(std::string text) {
  std::erase(text, '\r');
  return is_plain_text(text);
}

}  // namespace

Result<std::string> from_gb18030(std::string_view bytes) {
  const iconv_t converter = ::iconv_open("UTF-8", "GB18030");
  // A cast of an integer to a pointer, as POSIX has it.
  if (converter == reinterpret_cast<iconv_t>(-1))
    return fail(ErrorKind::unsupported, "GB 18030 is not known on this machine");
  std::string from(bytes);
  std::string text(bytes.size() * 2 + 4, '\0');
  char* in = from.data();
  char* out = text.data();
  std::size_t in_left = from.size();
  std::size_t out_left = text.size();
  const auto converted = ::iconv(converter, &in, &in_left, &out, &out_left);
  ::iconv_close(converter);
  if (converted == static_cast<std::size_t>(-1) || in_left > 0)
    return fail(ErrorKind::invalid, "the bytes are not GB 18030");
  text.resize(text.size() - out_left);
  return text;
}

tl::unexpected<Error> CsvReader::wrong(const std::string& what) const {
  return fail(ErrorKind::invalid, "line " + std::to_string(line_) + ": " + what);
}

std::optional<char> CsvReader::peek() {
  if (failed_) return std::nullopt;
  if (at_ == buffer_.size()) {
    buffer_.resize(kBufferBytes);
    const auto count = source_(buffer_);
    if (!count) failed_ = count.error();
    buffer_.resize(count.value_or(0));
    at_ = 0;
    if (buffer_.empty()) return std::nullopt;
  }
  return static_cast<char>(buffer_[at_]);
}

char CsvReader::take() {
  const char c = static_cast<char>(buffer_[at_++]);
  if (c == '\n') ++line_;
  return c;
}

void CsvReader::choose_delimiter() {
  begun_ = true;
  if (!peek()) return;
  constexpr std::array<std::uint8_t, 3> kMark = {0xef, 0xbb, 0xbf};
  if (buffer_.size() >= kMark.size() && std::equal(kMark.begin(), kMark.end(), buffer_.begin()))
    at_ = kMark.size();
  const auto end = std::find(buffer_.begin(), buffer_.end(), static_cast<std::uint8_t>('\n'));
  std::ptrdiff_t most = 0;
  for (const char c : {',', ';', '\t'}) {
    const auto count = std::count(buffer_.begin(), end, static_cast<std::uint8_t>(c));
    if (count <= most) continue;
    most = count;
    delimiter_ = c;
  }
}

void CsvReader::take_row_end() {
  if (peek() == '\r') take();
  if (peek() == '\n') take();
}

Result<std::string> CsvReader::read_quoted() {
  take();
  std::string field;
  while (const auto c = peek()) {
    take();
    if (c != '"') {
      field += *c;
    } else if (peek() == '"') {
      field += take();
    } else {
      const auto after = peek();
      if (after && *after != delimiter_ && !at_row_end(*after))
        return wrong("something stands after a closing quote");
      return field;
    }
    if (field.size() > kFieldBytesMax)
      return wrong("a field has more than a MiB: a quote may not be closed");
  }
  return wrong("a quote is not closed");
}

Result<std::string> CsvReader::read_field() {
  if (peek() == '"') return read_quoted();
  std::string field;
  while (const auto c = peek()) {
    if (*c == delimiter_ || at_row_end(*c)) break;
    field += take();
    if (field.size() > kFieldBytesMax) return wrong("a field has more than a MiB");
  }
  return field;
}

Result<std::string> CsvReader::decode(std::string bytes) const {
  if (encoding_ == TextEncoding::gb18030) {
    auto text = from_gb18030(bytes);
    if (!text) return wrong(text.error().message);
    return text;
  }
  if (is_utf8(bytes)) return bytes;
  if (const auto text = from_gb18030(bytes); text && is_utf8(*text)) {
    return wrong("the text is not UTF-8; it reads as GBK (\"" + text->substr(0, 60) +
                 "\"): import it with that encoding (gb18030), or save it as UTF-8");
  }
  return wrong("the text is not UTF-8: save it as UTF-8");
}

Result<std::optional<CsvRow>> CsvReader::next() {
  if (!begun_) choose_delimiter();
  while (peek() && at_row_end(*peek())) take_row_end();
  if (failed_) return fail(*failed_);
  if (!peek()) return std::optional<CsvRow>();
  CsvRow row{line_, {}};
  while (true) {
    auto field = read_field();
    auto text = field ? decode(std::move(*field)) : std::move(field);
    if (failed_) return fail(*failed_);
    if (!text) {
      failed_ = text.error();
      return fail(*failed_);
    }
    row.fields.push_back(std::move(*text));
    if (row.fields.size() > kColumnsMax) {
      failed_ = wrong("has more than 500 columns").value();
      return fail(*failed_);
    }
    if (!peek() || at_row_end(*peek())) break;
    take();
  }
  take_row_end();
  return std::optional(std::move(row));
}

}  // namespace oriel::commons

// Comma-separated values (RFC 4180), read row by row in bounded memory.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/describe/enum.hpp>

#include "base/bytes.h"
#include "base/result.h"

namespace oriel::commons {

enum class TextEncoding : std::uint8_t { utf_8, gb18030 };  // the latter has GBK and GB 2312 in it
BOOST_DESCRIBE_ENUM(TextEncoding, utf_8, gb18030)

struct CsvRow {
  std::int64_t line = 0;  // where it begins, from 1
  std::vector<std::string> fields;
};

// Fields apart by commas, semicolons or tabs: whichever the first line has most of. Quotes, doubled
// quotes, line ends in quotes, CR LF or LF, a byte order mark; empty lines are passed over. Used by
// one thread at a time.
class CsvReader {
 public:
  static constexpr std::size_t kFieldBytesMax = 1u << 20;
  static constexpr std::size_t kColumnsMax = 500;

  // Fills the span, less only at the end.
  using Source = std::function<Result<std::size_t>(std::span<std::uint8_t>)>;

  CsvReader(Source source, TextEncoding encoding)
      : source_(std::move(source)), encoding_(encoding) {}

  // Absent at the end. Errors, with the line: invalid (bytes of another encoding, and which it may
  // be; a quote that is not closed or in the midst of a field; too many columns or bytes); those of
  // the source. Nothing comes after an error.
  Result<std::optional<CsvRow>> next();

 private:
  std::optional<char> peek();
  char take();
  void choose_delimiter();
  bool at_row_end(char c) const { return c == '\n' || c == '\r'; }
  void take_row_end();
  Result<std::string> read_field();
  Result<std::string> read_quoted();
  Result<std::string> decode(std::string bytes) const;
  tl::unexpected<Error> wrong(const std::string& what) const;

  Source source_;
  const TextEncoding encoding_;
  Bytes buffer_;
  std::size_t at_ = 0;
  std::optional<Error> failed_;
  bool begun_ = false;
  char delimiter_ = ',';
  std::int64_t line_ = 1;
};

// Errors: invalid.
Result<std::string> from_gb18030(std::string_view bytes);

}  // namespace oriel::commons

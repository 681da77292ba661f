// Any bytes are a token that is written again the same, a date, or refused.
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "exchange/oai_dates.h"
#include "exchange/oai_token.h"
#include "exchange/xml.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace oriel::exchange;
  const auto text = oriel::as_text({data, size});
  if (const auto token = parse_token(text)) ORIEL_CHECK(format_token(*token) == text);
  if (const auto date = parse_oai_date(text)) ORIEL_CHECK(date->begin_us < date->end_us);
  std::string xml;
  append_attribute(xml, "a", text);
  ORIEL_CHECK(xml.find('<') == std::string::npos);
  // Its check is known here, so that what stands before it is reached.
  OaiToken token;
  token.prefix = "oai_dc";
  token.set = std::string(text.substr(0, size / 2));
  token.after.id = std::string(text.substr(size / 2));
  const auto written = format_token(token);
  if (const auto read = parse_token(written)) ORIEL_CHECK(format_token(*read) == written);
  return 0;
}

#include "exchange/oai_dates.h"

#include <chrono>

namespace oriel::exchange {
namespace {

// The digits at [at, at + count) as a number; -1 where there are others.
int digits(std::string_view text, std::size_t at, std::size_t count) {
  int number = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (i >= text.size() || text[i] < '0' || text[i] > '9') return -1;
    number = number * 10 + (text[i] - '0');
  }
  return number;
}

}  // namespace

Result<OaiDate> parse_oai_date(std::string_view text) {
  using namespace std::chrono;
  const auto wrong = [&] {
    return fail(ErrorKind::invalid, "expected YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ");
  };
  OaiDate date;
  date.is_day = text.size() == 10;
  if (!date.is_day && text.size() != 20) return wrong();
  const int y = digits(text, 0, 4), m = digits(text, 5, 2), d = digits(text, 8, 2);
  if (y < 1 || m < 1 || d < 1 || text[4] != '-' || text[7] != '-') return wrong();
  const year_month_day day{year(y), month(static_cast<unsigned>(m)),
                           std::chrono::day(static_cast<unsigned>(d))};
  if (!day.ok()) return wrong();
  std::int64_t seconds =
      duration_cast<std::chrono::seconds>(sys_days(day).time_since_epoch()).count();
  std::int64_t length = 86'400;
  if (!date.is_day) {
    const int hour = digits(text, 11, 2), minute = digits(text, 14, 2),
              second = digits(text, 17, 2);
    if (hour < 0 || minute < 0 || second < 0 || hour > 23 || minute > 59 || second > 59 ||
        text[10] != 'T' || text[13] != ':' || text[16] != ':' || text[19] != 'Z')
      return wrong();
    seconds += hour * 3'600 + minute * 60 + second;
    length = 1;
  }
  date.begin_us = seconds * 1'000'000;
  date.end_us = (seconds + length) * 1'000'000;
  return date;
}

}  // namespace oriel::exchange

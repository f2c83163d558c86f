#include "base/timestamp.h"

#include <array>

#include "base/invariant.h"

namespace triggers {
namespace {

/// `value` is below 100.
void put_two_digits(char* out, unsigned value) {
  out[0] = static_cast<char>('0' + value / 10);
  out[1] = static_cast<char>('0' + value % 10);
}

/// Takes `count` digits from the front of `text`.
std::optional<int> take_digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool take(std::string_view& text, char wanted) {
  if (text.empty() || text.front() != wanted) return false;
  text.remove_prefix(1);
  return true;
}

bool take_letter(std::string_view& text, char upper) {
  return take(text, upper) || take(text, static_cast<char>(upper + ('a' - 'A')));
}

}  // namespace

void append_timestamp(std::string& out, UnixMillis time) {
  using namespace std::chrono;
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{time - day};
  INVARIANT(date.year() >= year{0} && date.year() <= year{9999});
  std::array<char, 24> text{"0000-00-00T00:00:00.000"};
  const auto year = static_cast<unsigned>(static_cast<int>(date.year()));
  const auto millis = static_cast<unsigned>(clock.subseconds().count());
  put_two_digits(&text[0], year / 100);
  put_two_digits(&text[2], year % 100);
  put_two_digits(&text[5], static_cast<unsigned>(date.month()));
  put_two_digits(&text[8], static_cast<unsigned>(date.day()));
  put_two_digits(&text[11], static_cast<unsigned>(clock.hours().count()));
  put_two_digits(&text[14], static_cast<unsigned>(clock.minutes().count()));
  put_two_digits(&text[17], static_cast<unsigned>(clock.seconds().count()));
  text[20] = static_cast<char>('0' + millis / 100);
  put_two_digits(&text[21], millis % 100);
  text[23] = 'Z';
  out.append(text.data(), text.size());
}

std::string format_timestamp(UnixMillis time) {
  std::string out;
  append_timestamp(out, time);
  return out;
}

std::optional<UnixMillis> parse_timestamp(std::string_view text) {
  using namespace std::chrono;
  const auto year_value = take_digits(text, 4);
  if (!year_value || !take(text, '-')) return std::nullopt;
  const auto month_value = take_digits(text, 2);
  if (!month_value || !take(text, '-')) return std::nullopt;
  const auto day_value = take_digits(text, 2);
  if (!day_value) return std::nullopt;
  const year_month_day date{year{*year_value}, month{static_cast<unsigned>(*month_value)},
                            day{static_cast<unsigned>(*day_value)}};
  if (!date.ok()) return std::nullopt;
  if (!take_letter(text, 'T') && !take(text, ' ')) return std::nullopt;

  const auto hour = take_digits(text, 2);
  if (!hour || *hour > 23 || !take(text, ':')) return std::nullopt;
  const auto minute = take_digits(text, 2);
  if (!minute || *minute > 59 || !take(text, ':')) return std::nullopt;
  const auto second = take_digits(text, 2);
  if (!second || *second > 60) return std::nullopt;

  int millis = 0;
  if (take(text, '.')) {
    int digits = 0;
    for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; text.remove_prefix(1), ++digits) {
      if (digits < 3) millis = millis * 10 + (text.front() - '0');
    }
    if (digits == 0) return std::nullopt;
    for (; digits < 3; ++digits) millis *= 10;
  }

  minutes offset{0};
  if (!take_letter(text, 'Z')) {
    const bool behind = !text.empty() && text.front() == '-';
    if (!take(text, '+') && !take(text, '-')) return std::nullopt;
    const auto offset_hours = take_digits(text, 2);
    if (!offset_hours || *offset_hours > 23 || !take(text, ':')) return std::nullopt;
    const auto offset_minutes = take_digits(text, 2);
    if (!offset_minutes || *offset_minutes > 59) return std::nullopt;
    offset = hours{*offset_hours} + minutes{*offset_minutes};
    if (behind) offset = -offset;
  }
  if (!text.empty()) return std::nullopt;
  return UnixMillis{sys_days{date} + hours{*hour} + minutes{*minute} + seconds{*second} + milliseconds{millis} -
                    offset};
}

}  // namespace triggers

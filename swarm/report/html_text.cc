#include "swarm/report/html_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ctime>

#include "base/utf8.h"

namespace triggers::swarm {

namespace {

constexpr std::string_view replacement = "\uFFFD";

void append_escaped(std::string& out, std::string_view valid) {
  for (const char c : valid) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default:
        const bool control = (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7f;
        if (control) {
          out += replacement;
        } else {
          out += c;
        }
    }
  }
}

}  // namespace

std::string html_escape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto invalid = find_invalid_utf8(text);
    append_escaped(out, text.substr(0, invalid.value_or(text.size())));
    if (!invalid) break;
    out += replacement;
    text.remove_prefix(*invalid + 1);
  }
  return out;
}

std::string html_escape_up_to(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return html_escape(text);
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // do not cut within a character
  return html_escape(text.substr(0, end)) + "…";
}

std::string with_separators(std::uint64_t number) {
  const std::string digits = std::to_string(number);
  std::string out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) out += "\u202f";
    out += digits[i];
  }
  return out;
}

std::string three_digits(double number) {
  if (number == 0) return "0";
  const int before_point = static_cast<int>(std::floor(std::log10(std::abs(number)))) + 1;
  if (before_point > 3) return with_separators(static_cast<std::uint64_t>(std::llround(number)));
  return fmt::format("{:.{}f}", number, std::min(3 - before_point, before_point > -2 ? 3 : 6));
}

std::string short_number(double number) {
  std::string text = three_digits(number);
  if (text.find('.') != std::string::npos) {
    while (text.ends_with('0')) text.pop_back();
    if (text.ends_with('.')) text.pop_back();
  }
  return text;
}

std::string latency_text(double ms) { return ms < 1000 ? short_number(ms) + " ms" : short_number(ms / 1000) + " s"; }

std::string utc_text(EpochSeconds time) {
  const auto whole = static_cast<std::time_t>(time);
  std::tm utc{};
  ::gmtime_r(&whole, &utc);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02} UTC", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                     utc.tm_hour, utc.tm_min, utc.tm_sec);
}

std::string duration_text(double seconds) {
  if (seconds < 10) return short_number(std::max(0.0, seconds)) + " s";
  const auto whole = std::llround(seconds);
  if (whole < 60) return fmt::format("{} s", whole);
  const auto two = [](long long large, const char* large_unit, long long small, const char* small_unit) {
    return small == 0 ? fmt::format("{} {}", large, large_unit)
                      : fmt::format("{} {} {} {}", large, large_unit, small, small_unit);
  };
  return whole < 3600 ? two(whole / 60, "min", whole % 60, "s") : two(whole / 3600, "h", whole / 60 % 60, "min");
}

}  // namespace triggers::swarm

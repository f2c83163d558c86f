#include "http/response_writer.h"

#include <array>
#include <charconv>

namespace triggers::http {
namespace {

void append_number(std::string& out, std::size_t number) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

std::string_view DateText::now() {
  timespec time{};
  clock_gettime(CLOCK_REALTIME_COARSE, &time);
  if (time.tv_sec != second_) {
    second_ = time.tv_sec;
    // Not strftime: the names of days and months are English whatever the locale.
    constexpr const char* days = "SunMonTueWedThuFriSat";
    constexpr const char* months = "JanFebMarAprMayJunJulAugSepOctNovDec";
    std::tm utc{};
    gmtime_r(&second_, &utc);
    const char* const day = days + utc.tm_wday * 3;
    const char* const month = months + utc.tm_mon * 3;
    std::snprintf(text_, sizeof text_, "%.3s, %02u %.3s %04u %02u:%02u:%02u GMT", day,
                  static_cast<unsigned>(utc.tm_mday) % 100, month, static_cast<unsigned>(utc.tm_year + 1900) % 10000,
                  static_cast<unsigned>(utc.tm_hour) % 100, static_cast<unsigned>(utc.tm_min) % 100,
                  static_cast<unsigned>(utc.tm_sec) % 100);
  }
  return text_;
}

bool write_response(std::string& out, const Response& response, const Framing& framing, std::string_view date) {
  const bool bodiless = response.status == 204 || response.status == 304;
  out.assign("HTTP/1.1 ");
  append_number(out, response.status);
  out.append(" ").append(reason_phrase(response.status)).append("\r\nServer: triggers\r\nDate: ").append(date);
  out.append("\r\n");
  if (!bodiless) {
    if (!response.body.empty()) append_field(out, "Content-Type", response.content_type);
    out.append("Content-Length: ");
    append_number(out, response.body.size());
    out.append("\r\n");
  }
  for (const auto& [name, value] : response.headers) append_field(out, name, value);
  if (framing.close) {
    out.append("Connection: close\r\n");
  } else if (framing.http10) {
    out.append("Connection: keep-alive\r\n");
  }
  out.append("\r\n");
  if (bodiless || framing.head) return false;
  if (response.body.size() > body_copied_bytes_max) return true;
  out.append(response.body);
  return false;
}

}  // namespace triggers::http

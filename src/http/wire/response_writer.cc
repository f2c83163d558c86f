#include "http/wire/response_writer.h"

#include <array>
#include <charconv>
#include <cstring>

#include "base/invariant.h"

namespace triggers::http {
namespace {

/// Writes into memory that is known to be large enough.
class Pen {
 public:
  explicit Pen(char* at) : at_(at) {}
  Pen& text(std::string_view text) {
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
    return *this;
  }
  Pen& number(std::size_t number) {
    at_ = std::to_chars(at_, at_ + number_chars_max, number).ptr;
    return *this;
  }
  Pen& field(std::string_view name, std::string_view value) { return text(name).text(": ").text(value).text("\r\n"); }
  [[nodiscard]] const char* end() const { return at_; }

  static constexpr std::size_t number_chars_max = 20;

 private:
  char* at_;
};

/// The status line and the fields that are not in response.headers take no more, besides the texts that vary.
constexpr std::size_t fixed_chars_max = 160 + 2 * Pen::number_chars_max;
constexpr std::size_t field_chars = 4;  // ": " and the line's end.

std::size_t chars_max(const Response& response, std::string_view reason, std::string_view date, bool with_body) {
  std::size_t chars = fixed_chars_max + reason.size() + date.size() + response.content_type.size();
  for (const auto& [name, value] : response.headers) chars += name.size() + value.size() + field_chars;
  return chars + (with_body ? response.body.size() : 0);
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

namespace {

// These are part of every response, and inline, so that they cost it nothing.

[[gnu::always_inline]] inline Pen& first_lines(Pen& pen, const Response& response, std::string_view reason,
                                               std::string_view date) {
  pen.text("HTTP/1.1 ").number(response.status).text(" ").text(reason);
  return pen.text("\r\nServer: triggers\r\nDate: ").text(date).text("\r\n");
}

/// The fields that every response may have, and the end of its head.
[[gnu::always_inline]] inline void last_lines(Pen& pen, const Response& response, const Framing& framing) {
  for (const auto& [name, value] : response.headers) pen.field(name, value);
  if (framing.close) {
    pen.text("Connection: close\r\n");
  } else if (framing.http10) {
    pen.text("Connection: keep-alive\r\n");
  }
  pen.text("\r\n");
}

[[gnu::always_inline]] inline void cut_to(std::string& out, const Pen& pen) {
  const auto written = static_cast<std::size_t>(pen.end() - out.data());
  INVARIANT(written <= out.size(), "a head of %zu bytes in %zu", written, out.size());
  out.resize(written);
}

}  // namespace

bool write_response(std::string& out, const Response& response, const Framing& framing, std::string_view date) {
  const bool bodiless = response.status == 204 || response.status == 304;
  const bool sends_body = !bodiless && !framing.head;
  const bool copies_body = sends_body && response.body.size() <= body_copied_bytes_max;
  const std::string_view reason = reason_phrase(response.status);
  out.resize(chars_max(response, reason, date, copies_body));
  Pen pen(out.data());
  first_lines(pen, response, reason, date);
  if (!bodiless) {
    if (!response.body.empty()) pen.field("Content-Type", response.content_type);
    pen.text("Content-Length: ").number(response.body.size()).text("\r\n");
  }
  last_lines(pen, response, framing);
  if (copies_body) pen.text(response.body);
  cut_to(out, pen);
  return sends_body && !copies_body;
}

void write_stream_head(std::string& out, const Response& response, const Framing& framing, std::string_view date) {
  INVARIANT(framing.close || !framing.http10, "a response of status %u would have no end", response.status);
  const std::string_view reason = reason_phrase(response.status);
  out.resize(chars_max(response, reason, date, false));
  Pen pen(out.data());
  first_lines(pen, response, reason, date).field("Content-Type", response.content_type);
  if (!framing.http10) pen.field("Transfer-Encoding", "chunked");
  last_lines(pen, response, framing);
  cut_to(out, pen);
}

void write_chunk_line(std::string& out, std::size_t bytes) {
  constexpr int hexadecimal = 16;
  std::array<char, 2 * sizeof bytes> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), bytes, hexadecimal).ptr;
  out.assign(digits.data(), end).append("\r\n");
}

}  // namespace triggers::http

#include "log/log_line.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "base/json_text.h"
#include "base/timestamp.h"

namespace triggers::log {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";
constexpr std::string_view message_field = "message";

/// Bytes of a character at the front that is valid UTF-8 but acts on a terminal: C1 controls (U+0080 to U+009F), line
/// and paragraph ends, and marks of direction (U+2028 to U+202E, U+2066 to U+2069). 0 if there is none.
std::size_t acting_bytes(std::string_view text) {
  const auto byte = [&](std::size_t at) { return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U; };
  if (byte(0) == 0xC2 && byte(1) >= 0x80 && byte(1) <= 0x9F) return 2;
  if (byte(0) != 0xE2) return 0;
  if (byte(1) == 0x80 && byte(2) >= 0xA8 && byte(2) <= 0xAE) return 3;
  return byte(1) == 0x81 && byte(2) >= 0xA6 && byte(2) <= 0xA9 ? 3 : 0;
}

/// Whether `value` is one word that needs no quotes.
bool is_word(std::string_view value) {
  return !value.empty() && std::ranges::all_of(value, [](char c) {
    return c > ' ' && c < 0x7F && c != '"' && c != '\\' && c != '=' && c != '(' && c != ')';
  });
}

struct AppendValue {
  std::string& out;
  bool as_text;

  void operator()(std::string_view text) const {
    text = text.substr(0, field_bytes_max);
    if (as_text) {
      append_readable(out, text);
    } else {
      append_json_text(out, text);
    }
  }
  void operator()(bool truth) const { out.append(truth ? "true" : "false"); }
  void operator()(double number) const {
    // JSON has no word for infinity or NaN.
    if (std::isfinite(number)) {
      fmt::format_to(std::back_inserter(out), "{}", number);
    } else {
      out.append("null");
    }
  }
  template <class Integer>
  void operator()(Integer number) const {
    fmt::format_to(std::back_inserter(out), "{}", number);
  }
};

void append_json_line(std::string& out, UnixMillis time, Level level, std::string_view event, Fields fields) {
  out.append("{\"time\":\"");
  append_timestamp(out, time);
  out.append("\",\"level\":\"").append(level_name(level)).append("\",\"event\":");
  append_json_text(out, event);
  for (const auto& field : fields) {
    out.push_back(',');
    append_json_text(out, field.name);
    out.push_back(':');
    std::visit(AppendValue{out, false}, field.value);
  }
  out.append("}\n");
}

void append_text_line(std::string& out, UnixMillis time, Level level, std::string_view event, Fields fields) {
  append_timestamp(out, time);
  fmt::format_to(std::back_inserter(out), " {:<7} ", level_name(level));
  append_readable(out, event);
  for (const auto& field : fields) {
    out.push_back(' ');
    if (field.name != message_field) {
      append_readable(out, field.name);
      out.push_back('=');
    }
    std::visit(AppendValue{out, true}, field.value);
  }
  out.push_back('\n');
}

}  // namespace

void append_readable(std::string& out, std::string_view value) {
  if (is_word(value)) {
    out.append(value);
    return;
  }
  std::string safe;
  while (!value.empty()) {
    const auto acting = acting_bytes(value);
    if (acting > 0) {
      safe.append(replacement);
    } else {
      safe.push_back(value.front());
    }
    value.remove_prefix(std::max<std::size_t>(acting, 1));
  }
  append_json_text(out, safe);
}

void append_line(std::string& out, bool as_text, UnixMillis time, Level level, std::string_view event, Fields fields) {
  if (as_text) {
    append_text_line(out, time, level, event, fields);
  } else {
    append_json_line(out, time, level, event, fields);
  }
}

std::string dropped_line(bool as_text, std::uint64_t lines) {
  std::string line;
  append_line(line, as_text, Clock::system().now(), Level::warning, "log_lines_dropped",
              {{"lines", lines}, {"message", "no process read this log in time"}});
  return line;
}

bool is_text(Format format, int descriptor) noexcept {
  return format == Format::text || (format == Format::automatic && ::isatty(descriptor) == 1);
}

}  // namespace triggers::log

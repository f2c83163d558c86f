#include "swarm/report/json_writer.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "base/invariant.h"
#include "base/json_text.h"

namespace triggers::swarm {

void JsonWriter::key(std::string_view name) {
  separate();
  append_json_text(text_, name);
  text_ += ": ";
  after_key_ = true;
}

void JsonWriter::value(std::string_view text) {
  separate();
  append_json_text(text_, text);
}

void JsonWriter::value(double number) {
  if (!std::isfinite(number)) return null();
  separate();
  std::string digits = fmt::format("{:.6f}", number);
  digits.erase(digits.find_last_not_of('0') + 1);
  if (digits.ends_with('.')) digits.pop_back();
  text_ += digits == "-0" ? "0" : digits;
}

void JsonWriter::value(std::uint64_t number) {
  separate();
  text_ += std::to_string(number);
}

void JsonWriter::null() {
  separate();
  text_ += "null";
}

void JsonWriter::truth(bool is) {
  separate();
  text_ += is ? "true" : "false";
}

std::string JsonWriter::take() {
  INVARIANT(depth_ == 0 && !text_.empty(), "the text is taken with %zu brackets open",
            static_cast<std::size_t>(depth_));
  return std::move(text_) + "\n";
}

void JsonWriter::open(char bracket) {
  separate();
  text_ += bracket;
  ++depth_;
  first_ = true;
}

void JsonWriter::close(char bracket) {
  INVARIANT(depth_ > 0 && !after_key_, "a bracket is closed behind a key, or without an open one");
  --depth_;
  if (!first_) new_line();
  text_ += bracket;
  first_ = false;
}

void JsonWriter::separate() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (depth_ == 0) return;
  if (!first_) text_ += ',';
  first_ = false;
  new_line();
}

void JsonWriter::new_line() { text_.append("\n").append(2 * depth_, ' '); }

}  // namespace triggers::swarm

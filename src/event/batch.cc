// Splits a batch into its events (split_array() and split_lines() of event.h). Parsing each is in parse.cc.

#include <fmt/format.h>

#include <algorithm>

#include "event/event.h"
#include "event/scan.h"
#include "event/text_check.h"

namespace triggers::event {
namespace {

void add(BatchElements& batch, std::string_view element, const Limits& limits) {
  ++batch.count;
  if (batch.elements.size() <= limits.batch_events_max) batch.elements.push_back(element);
}

bool read_elements(JsonCursor& cursor, BatchElements& batch, const Limits& limits) {
  Checker checker;
  cursor.take('[');
  cursor.skip_space();
  if (cursor.take(']')) return true;
  while (true) {
    const char* const first = cursor.position();
    Checker::Value value;
    // parse() refuses an event that is nested too deep; the others are not refused for it.
    if (!scan_value(cursor, checker, nesting_max, value)) return false;
    add(batch, {first, static_cast<std::size_t>(cursor.position() - first)}, limits);
    cursor.skip_space();
    if (cursor.take(']')) return true;
    if (!cursor.take(',')) return cursor.fail("a comma or a closing bracket is needed here");
    cursor.skip_space();
  }
}

}  // namespace

std::variant<BatchElements, ParseError> split_array(std::string_view text, const Limits& limits) {
  constexpr std::string_view batch_shape = "a JSON array of events";
  if (auto refusal = refuse_text(text, batch_shape)) return *std::move(refusal);
  JsonCursor cursor(text);
  cursor.skip_space();
  const bool is_array = cursor.peek() == '[';
  BatchElements batch;
  Checker checker;
  Checker::Value value;
  if (!(is_array ? read_elements(cursor, batch, limits) : scan_value(cursor, checker, nesting_max, value))) {
    return not_json(cursor.fault(), nesting_max);
  }
  cursor.skip_space();
  if (!cursor.at_end()) {
    cursor.fail("there is more after the end of the value");
    return not_json(cursor.fault(), nesting_max);
  }
  if (!is_array) return refuse_body(fmt::format("A batch must be {}, but this is not an array.", batch_shape));
  return batch;
}

BatchElements split_lines(std::string_view text, const Limits& limits) {
  BatchElements batch;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.find_first_not_of(" \t\r") != std::string_view::npos) add(batch, line, limits);
  }
  return batch;
}

}  // namespace triggers::event

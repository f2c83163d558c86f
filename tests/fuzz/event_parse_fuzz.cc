// Fuzzes the parser of events (event/event.h). Bytes of HTTP are in http_request_fuzz.cc.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/invariant.h"
#include "event/canonical.h"
#include "event/event.h"

namespace {

using namespace triggers::event;

bool within(std::string_view part, std::string_view whole) {
  return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

bool is_json(std::string_view text) {
  return std::holds_alternative<BatchElements>(split_array(std::string("[").append(text).append("]"), {}));
}

/// What was taken is a well-formed part of the text, and means the same when it is read again and written again.
void check_accepted(const NewEvent& event, std::string_view text) {
  INVARIANT(!event.event_type.empty());
  INVARIANT(within(event.payload, text) && is_json(event.payload));
  INVARIANT(event.metadata.empty() || (within(event.metadata, text) && is_json(event.metadata)));
  INVARIANT(event.fingerprint == fingerprint(event.event_type, event.payload));
  INVARIANT(same_content(event.payload, event.payload));
  // Another text, so that it is compared by its members and not by its bytes.
  const std::string spaced = std::string(event.payload).append(" ");
  INVARIANT(same_content(event.payload, spaced) && same_content(spaced, event.payload));

  std::string again = "{\"payload\":";
  again.append(spaced).append(",\"event_type\":");
  append_json_string(again, event.event_type);
  if (event.source) {
    again.append(",\"source\":");
    append_json_string(again, *event.source);
  }
  again.append("}");
  const auto parsed = parse(again, {});
  const auto* const twin = std::get_if<NewEvent>(&parsed);
  INVARIANT(twin != nullptr);
  INVARIANT(twin->event_type == event.event_type && twin->source == event.source);
  INVARIANT(twin->fingerprint == event.fingerprint);
}

void check_refused(const ParseError& refusal) {
  INVARIANT(!refusal.message.empty());
  std::string quoted = "[";
  append_json_string(quoted, refusal.field);
  quoted.push_back(',');
  append_json_string(quoted, refusal.message);
  quoted.push_back(']');
  INVARIANT(std::holds_alternative<BatchElements>(split_array(quoted, {})));
}

void check_parse(std::string_view text) {
  const auto parsed = parse(text, {});
  if (const auto* const event = std::get_if<NewEvent>(&parsed)) return check_accepted(*event, text);
  check_refused(std::get<ParseError>(parsed));
}

void check_split(std::string_view text) {
  const auto split = split_array(text, {});
  if (const auto* const batch = std::get_if<BatchElements>(&split)) {
    for (const std::string_view element : batch->elements) INVARIANT(within(element, text) && is_json(element));
  } else {
    check_refused(std::get<ParseError>(split));
  }
  for (const std::string_view line : split_lines(text).elements) {
    INVARIANT(within(line, text) && line.find('\n') == std::string_view::npos);
  }
}

/// The text's halves as two contents, valid or not: equal content must have equal fingerprints and one canonical form,
/// and comparing is symmetric.
void check_halves(std::string_view text) {
  const std::size_t cut = text.find('\n');
  if (cut == std::string_view::npos) return;
  const std::string_view a = text.substr(0, cut), b = text.substr(cut + 1);
  const bool same = same_content(a, b);
  INVARIANT(same == same_content(b, a));
  INVARIANT(!same || fingerprint("t", a) == fingerprint("t", b));
  INVARIANT(same == (canonical("t", a) == canonical("t", b)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_parse(text);
  check_split(text);
  check_halves(text);
  return 0;
}

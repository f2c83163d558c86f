// Parses one event: its fields, their limits and their faults (parse() of event.h). JSON itself is in json_cursor.h and
// scan.h.

#include <fmt/format.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/invariant.h"
#include "base/utf8.h"
#include "event/event.h"
#include "event/fingerprint.h"
#include "event/quotable.h"
#include "event/scan.h"
#include "event/text_check.h"

namespace triggers::event {
namespace {

constexpr std::size_t quoted_name_chars_max = 60;
constexpr std::string_view event_shape = R"(a JSON object with "event_type" and "payload")";

enum Field : std::size_t { event_type, payload, source, metadata, fields };
constexpr std::array<std::string_view, fields> field_names = {"event_type", "payload", "source", "metadata"};

std::optional<Field> field_named(std::string_view name) {
  for (std::size_t i = 0; i != fields; ++i) {
    if (name == field_names[i]) return static_cast<Field>(i);
  }
  return std::nullopt;
}

/// By a value's first byte.
std::string_view kind_of(std::string_view raw) {
  switch (raw.front()) {
    case '{': return "an object";
    case '[': return "an array";
    case '"': return "a string";
    case 't':
    case 'f': return "a boolean";
    case 'n': return "null";
    default: return "a number";
  }
}

ParseError refuse(std::string_view field, std::string message) {
  return {ParseError::Kind::invalid, std::string(field), std::move(message)};
}

ParseError wrong_type(Field field, std::string_view wanted, std::string_view raw) {
  return refuse(field_names[field], fmt::format("{} must be {}, but is {}.", field_names[field], wanted, kind_of(raw)));
}

/// Parses one text: read() finds its fields, the checks examine them. A fault of the whole text takes precedence over
/// one of a field, so the first fault of a field is kept while the rest is read.
class EventParser {
 public:
  EventParser(std::string_view text, const Limits& limits) : limits_(limits), text_(text), cursor_(text) {}

  std::variant<NewEvent, ParseError> run() {
    if (auto refusal = read()) return *std::move(refusal);
    if (fault_) return *std::move(fault_);
    NewEvent event;
    if (auto refusal = check_event_type(event)) return *std::move(refusal);
    if (auto refusal = check_payload(event)) return *std::move(refusal);
    if (auto refusal = check_source(event)) return *std::move(refusal);
    if (auto refusal = check_metadata(event)) return *std::move(refusal);
    event.fingerprint = combine(event.event_type, payload_hash_);
    return event;
  }

 private:
  std::optional<ParseError> read() {
    if (auto refusal = refuse_text(text_, event_shape)) return refusal;
    cursor_.skip_space();
    if (cursor_.peek() != '{') return read_other();
    if (!read_members()) return not_json(cursor_.fault(), limits_.depth_max);
    return refuse_rest();
  }

  /// The text is no object. If it is not JSON at all, that error takes precedence.
  std::optional<ParseError> read_other() {
    const std::string_view raw(cursor_.position(), 1);
    Checker::Value value;
    if (!scan_value(cursor_, checker_, limits_.depth_max, value)) return not_json(cursor_.fault(), limits_.depth_max);
    if (auto refusal = refuse_rest()) return refusal;
    return refuse_body(fmt::format("An event must be {}, but this is {}.", event_shape, kind_of(raw)));
  }

  std::optional<ParseError> refuse_rest() {
    cursor_.skip_space();
    if (cursor_.at_end()) return std::nullopt;
    cursor_.fail("there is more after the end of the value");
    return not_json(cursor_.fault(), limits_.depth_max);
  }

  bool read_members() {
    cursor_.take('{');
    cursor_.skip_space();
    if (cursor_.take('}')) return true;
    while (true) {
      StringToken name;
      if (!scan_name(cursor_, name) || !read_value(name)) return false;
      cursor_.skip_space();
      if (cursor_.take('}')) return true;
      if (!cursor_.take(',')) return cursor_.fail("a comma or a closing brace is needed here");
      cursor_.skip_space();
    }
  }

  bool read_value(const StringToken& token) {
    std::string unescaped;
    if (token.escaped) unescape(token, unescaped);
    const std::string_view name = token.escaped ? std::string_view(unescaped) : token.raw;
    const auto field = field_named(name);
    const char* const first = cursor_.position();
    const int levels = limits_.depth_max - 1;
    Checker::Value value;
    const bool read = field == payload ? scan_value(cursor_, hasher_, levels, payload_hash_)
                                       : scan_value(cursor_, checker_, levels, value);
    if (!read) return false;
    if (!field) {
      keep_unknown(name);
    } else if (!raw_[*field].empty()) {
      keep(refuse(field_names[*field], fmt::format("{} is given more than once.", field_names[*field])));
    } else {
      raw_[*field] = {first, static_cast<std::size_t>(cursor_.position() - first)};
    }
    return true;
  }

  void keep_unknown(std::string_view name) {
    if (fault_) return;
    const std::string quoted = quotable(name, quoted_name_chars_max);
    keep(refuse(quoted, fmt::format("\"{}\" is not a field of an event; put it into metadata or payload.", quoted)));
  }

  void keep(ParseError refusal) {
    if (!fault_) fault_ = std::move(refusal);
  }

  [[nodiscard]] bool absent_or_null(Field field) const { return raw_[field].empty() || raw_[field] == "null"; }

  /// Unescapes a string field into `out` and holds it to its limit.
  std::optional<ParseError> check_string(Field field, std::size_t chars_max, std::string& out) const {
    const std::string_view raw = raw_[field];
    if (raw.front() != '"') return wrong_type(field, "a string", raw);
    const std::string_view inside = raw.substr(1, raw.size() - 2);
    const std::string_view name = field_names[field];
    if (!unescape({inside, inside.find('\\') != std::string_view::npos}, out)) {
      return refuse(name, fmt::format("{} holds half of a surrogate pair, which is no Unicode character.", name));
    }
    if (out.size() <= chars_max) return std::nullopt;
    const std::size_t chars = count_code_points(out);
    if (chars <= chars_max) return std::nullopt;
    return refuse(name, fmt::format("{} has {} characters; at most {} are allowed.", name, chars, chars_max));
  }

  std::optional<ParseError> check_event_type(NewEvent& event) const {
    if (raw_[event_type].empty()) return refuse("event_type", "event_type is required.");
    if (auto refusal = check_string(event_type, limits_.event_type_chars_max, event.event_type)) return refusal;
    if (event.event_type.empty()) return refuse("event_type", "event_type must not be empty.");
    return std::nullopt;
  }

  std::optional<ParseError> check_payload(NewEvent& event) const {
    const std::string_view raw = raw_[payload];
    if (raw.empty()) return refuse("payload", "payload is required.");
    if (raw.front() != '{') return wrong_type(payload, "a JSON object", raw);
    if (raw.size() > limits_.payload_bytes_max) {
      return ParseError{
          ParseError::Kind::too_large, "payload",
          fmt::format("payload has {} bytes of JSON; at most {} are allowed.", raw.size(), limits_.payload_bytes_max),
          limits_.payload_bytes_max, raw.size()};
    }
    event.payload = raw;
    return std::nullopt;
  }

  std::optional<ParseError> check_source(NewEvent& event) const {
    if (absent_or_null(source)) return std::nullopt;
    return check_string(source, limits_.source_chars_max, event.source.emplace());
  }

  std::optional<ParseError> check_metadata(NewEvent& event) const {
    if (absent_or_null(metadata)) return std::nullopt;
    if (raw_[metadata].front() != '{') return wrong_type(metadata, "a JSON object", raw_[metadata]);
    event.metadata = raw_[metadata];
    return std::nullopt;
  }

  const Limits& limits_;
  std::string_view text_;
  JsonCursor cursor_;
  Checker checker_;
  Hasher hasher_;
  Hash payload_hash_;
  std::array<std::string_view, fields> raw_;  ///< Of each field's value; empty if there is none.
  std::optional<ParseError> fault_;           ///< The first unknown or duplicate field.
};

}  // namespace

std::variant<NewEvent, ParseError> parse(std::string_view text, const Limits& limits) {
  INVARIANT(limits.depth_max >= 1 && limits.depth_max <= nesting_max);
  return EventParser(text, limits).run();
}

}  // namespace triggers::event

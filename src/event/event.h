#pragma once

// The public part of this folder: parsing an event (parse.cc) or a batch (batch.cc), its size limits, and whether two
// payloads mean the same (same_content.cc). The other headers here are the parts that it is made of. Storing events is
// in store/event_log.h.

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/uuid7.h"

namespace triggers::event {

using EventId = Uuid7;

/// The size limits. Each has its own refusal.
struct Limits {
  std::size_t payload_bytes_max = 256 * 1024;  ///< Of the payload's JSON text as sent; more is ParseError::too_large.
  std::size_t event_type_chars_max = 255;      ///< Unicode code points, at least 1.
  std::size_t source_chars_max = 255;          ///< Unicode code points.
  int depth_max = 100;                         ///< Nested arrays and objects, the event itself being 1; 1 to 1000.
  std::size_t batch_events_max = 500;          ///< The most elements of a batch; see BatchElements.
};

/// 128 bits over the type and the payload's meaning: equal for equal content whatever the order of its keys, its white
/// space and its string escapes. Not cryptographic, and a hint only: equality is decided by same_content().
struct Fingerprint {
  std::uint64_t high = 0, low = 0;
  auto operator<=>(const Fingerprint&) const = default;
};

/// An event as a producer sent it. The views point into the text that was parsed and live as long as it does.
struct NewEvent {
  std::string event_type;             ///< Unescaped UTF-8.
  std::string_view payload;           ///< The JSON object's text, byte for byte.
  std::optional<std::string> source;  ///< Unescaped UTF-8.
  std::string_view metadata;          ///< The JSON object's text, byte for byte; empty if there was none.
  Fingerprint fingerprint;
};

/// Why a text is not an event.
struct ParseError {
  enum class Kind { invalid, too_large };
  Kind kind = Kind::invalid;
  std::string field;    ///< `event_type`, `payload`, …; `body` when the text as a whole is wrong.
  std::string message;  ///< What was wrong and how to mend it.
  std::size_t limit_bytes = 0, size_bytes = 0;  ///< For too_large.
};

/// Parses one event from `text` (RFC 8259, strict: UTF-8, one value, no trailing text, no duplicate or unknown field at
/// the event's own level). Numbers and strings inside payload and metadata are checked but never converted. A fault of
/// the text as a whole takes precedence over one of a field. Byte offsets in messages count from 0.
[[nodiscard]] std::variant<NewEvent, ParseError> parse(std::string_view text, const Limits& limits);

/// The elements of a batch: a JSON array, or NDJSON (one event a line, blank lines skipped). Views into `text`.
/// Each element is a candidate for parse(); for an array the whole text has been checked as JSON, but an element that
/// is nested too deep is left to parse() unless it is nested over 1000 levels.
struct BatchElements {
  std::vector<std::string_view> elements;  ///< At most Limits::batch_events_max and one more, which says: too many.
  std::size_t count = 0;                   ///< Of all elements in the text.
};
[[nodiscard]] std::variant<BatchElements, ParseError> split_array(std::string_view text, const Limits& limits);
[[nodiscard]] BatchElements split_lines(std::string_view text, const Limits& limits = {});

/// True if both payloads (valid JSON) mean the same: objects as sets of members (equal names in the order sent), arrays
/// in order, strings after unescaping, numbers by their text. Two different texts of which one is not JSON are not the
/// same. O(n log n) in their size.
[[nodiscard]] bool same_content(std::string_view payload_a, std::string_view payload_b);

/// The fingerprint of content that was checked before, such as a stored event's; equal to the one that parse() made.
[[nodiscard]] Fingerprint fingerprint(std::string_view event_type, std::string_view payload);

/// Appends `text`, which must be UTF-8, as a JSON string with its quotes (RFC 8259, section 7).
void append_json_string(std::string& out, std::string_view text);

}  // namespace triggers::event

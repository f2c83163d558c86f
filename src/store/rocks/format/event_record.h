#pragma once

// The bytes of a stored event: writes the head, which payload and metadata follow as they are, and reads all of it. Its
// key is in layout.h.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "store/event_log.h"

namespace triggers::store {

/// The value of an event in the `events` family: a version byte, then type, source and payload each after their length
/// (a varint; the source's is its length plus one, 0 for none), then the metadata to the end.
struct EventRecord {
  std::string_view event_type;
  std::optional<std::string_view> source;
  std::string_view payload;
  std::string_view metadata;
};

/// Everything before the payload, so that a writer can hand the payload over without a copy of its own:
/// the record is head + payload + metadata.
void append_record_head(std::string& out, const IncomingEvent& event);

/// Views into `bytes`. Nothing if they are not a record (a corrupt store).
[[nodiscard]] std::optional<EventRecord> decode_record(std::string_view bytes);

/// As stored_bytes() of the event; if `bytes` are not a record, of their size.
[[nodiscard]] std::uint64_t stored_bytes_of_record(std::string_view bytes);

}  // namespace triggers::store

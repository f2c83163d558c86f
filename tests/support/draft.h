#pragma once

// An event that a test sends, with text of its own.

#include <optional>
#include <string>

#include "store/event_log.h"

namespace triggers::store {

/// An event to send. Owns its text.
struct Draft {
  std::string event_type = "order.created";
  std::string payload = "{}";
  std::optional<std::string> source{};
  std::string metadata{};
  std::optional<std::string> idempotency_key{};
  std::optional<event::Fingerprint> fingerprint{};  ///< Instead of the content's own, to force a collision.

  /// Views into this draft.
  [[nodiscard]] IncomingEvent append() const {
    IncomingEvent append;
    append.event_type = event_type;
    append.payload = payload;
    if (source) append.source = *source;
    append.metadata = metadata;
    append.fingerprint = fingerprint ? *fingerprint : event::fingerprint(event_type, payload);
    if (idempotency_key) append.idempotency_key = *idempotency_key;
    return append;
  }
};

/// A draft that differs from that of every other number.
inline Draft numbered(std::size_t number) { return {.payload = R"({"number":)" + std::to_string(number) + "}"}; }

}  // namespace triggers::store

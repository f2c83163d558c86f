#pragma once

// The bytes of the state of an inbox. Its key is in layout.h; the state in memory is in inbox/inbox_state.h.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "event/event.h"

namespace triggers::store {

/// The value of an inbox in the `default` family.
struct InboxMeta {
  std::uint64_t count = 0;        ///< Undelivered entries.
  event::EventId head{};          ///< Nothing before it is pending.
  event::EventId fresh_after{};   ///< No entry behind it was ever leased; zero: none at all was.
  UnixMillis last_consumed_at{};  ///< The last lease or acknowledgement; zero: not known.
  std::uint64_t dead = 0;         ///< Dead entries.

  bool operator==(const InboxMeta&) const = default;
};

[[nodiscard]] std::string encode_inbox_meta(const InboxMeta& meta);

/// Before format version 3 the value ended behind the head; the rest is then zero. Nothing if `bytes` are neither.
[[nodiscard]] std::optional<InboxMeta> decode_inbox_meta(std::string_view bytes);

}  // namespace triggers::store

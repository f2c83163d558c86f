#pragma once

// What an item of an event says: in an inbox or in the log. Reading and writing the items is in event_items.h and
// log_items.h.

#include <cstddef>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "store/dynamo/client/item.h"
#include "store/event_log.h"

namespace triggers::store::dynamo {

/// What is stored under an id.
struct Found {
  enum class State : std::uint8_t {
    absent,
    fenced,        ///< Nothing can ever be stored under this id.
    pending,       ///< In its inbox.
    acknowledged,  ///< Kept until it expires, and somewhat longer.
    logged,        ///< In the log of a tenant whose inboxes are managed: their records say what became of it.
  };
  State state = State::absent;
  StoredEvent event{};
  bool elsewhere = false;         ///< It is in the log: `event` has neither payload, source nor metadata.
  std::size_t content_bytes = 0;  ///< Of payload and metadata.
  /// Set if another write of the same event may still arrive: by its first writer, whom another node has helped, or by
  /// a writer that repeated a write of unknown outcome.
  std::string token{};

  [[nodiscard]] bool there() const noexcept {
    return state == State::pending || state == State::acknowledged || state == State::logged;
  }
};

/// Attributes of an event, without its key: `t` type, `p` payload, `s` source, `m` metadata.
[[nodiscard]] Item event_attributes(const IncomingEvent& event);
/// The event of an item that is in an inbox (`pending`) or in the log. One in the log is `acknowledged` if it says so,
/// otherwise `logged`. Its id is the sort key.
[[nodiscard]] Result<Found> read_found(const Item& item, Found::State state);

/// What became of a write of an event under an unused id.
struct Stored {
  bool now = false;                          ///< By this call.
  std::optional<StorageLimit> refused_by{};  ///< Nothing was stored: the tenant has no room.
  Found instead{};                           ///< Otherwise the event or the fence that was there.
};
/// `helper`: it finishes the event for its first writer.
enum class Writer : std::uint8_t { first, helper };

/// A new `h`.
[[nodiscard]] std::string new_token();

/// The attributes of a fence: nothing can be stored under its id. DynamoDB removes it after an hour.
void add_fence(Item& key, UnixMillis now);

}  // namespace triggers::store::dynamo

#pragma once

#include <optional>

#include "base/clock.h"
#include "store/dynamo/table.h"
#include "store/event_store.h"

namespace triggers::store::dynamo {

/// Who was first: an item that names the event which holds a fingerprint or an idempotency key. Attributes: `e` the
/// event's id, `f` its fingerprint, `x` when DynamoDB may remove it.
class Claims {
 public:
  Claims(Table& table, const Clock& clock) : table_(table), clock_(clock) {}

  struct Holder {
    EventId id;
    event::Fingerprint fingerprint;
  };

  /// Claims `key` for `mine`. Nothing: it is held by `mine` now. Otherwise who holds it. It is free if its holder's id
  /// is `window` old or older; with `fenced`, who was fenced off, only if that is the holder.
  Task<Result<std::optional<Holder>>> claim(Item key, std::optional<EventId> fenced, Holder mine,
                                            std::chrono::seconds window);

 private:
  Table& table_;
  const Clock& clock_;
};

}  // namespace triggers::store::dynamo

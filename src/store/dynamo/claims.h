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

  /// Claims `key` for `mine`. Nothing: it is held by `mine` now. Otherwise who holds it. A holder whose id is `window`
  /// old or older holds nothing any more.
  Task<Result<std::optional<Holder>>> claim(Item key, Holder mine, std::chrono::seconds window);
  /// The same, but takes it from `from`, who was fenced off.
  Task<Result<std::optional<Holder>>> take_over(Item key, EventId from, Holder mine, std::chrono::seconds window);

 private:
  Task<Result<std::optional<Holder>>> put(Item key, Condition condition, Holder mine, std::chrono::seconds window);

  Table& table_;
  const Clock& clock_;
};

}  // namespace triggers::store::dynamo

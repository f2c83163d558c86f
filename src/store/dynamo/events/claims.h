#pragma once

// The items that say which event was first with a content or an idempotency key. Their keys are in layout.h; what to do
// on a conflict is in appender.h.

#include <optional>

#include "base/clock.h"
#include "store/dynamo/client/table.h"
#include "store/event_log.h"

namespace triggers::store::dynamo {

/// Claims: each names the first event that had a fingerprint, a content's digest or an idempotency key. Attributes: `e`
/// the event's id, `f` its fingerprint, `x` when DynamoDB may remove the item. A claim of a content also has `l`: the
/// newest event with this content and an idempotency key. A claim of a fingerprint may have `o`: the newest event of
/// another content with the same fingerprint, which is claimed by its digest.
class Claims {
 public:
  Claims(Table& table, const Clock& clock) : table_(table), clock_(clock) {}

  struct Holder {
    EventId id;
    event::Fingerprint fingerprint;
    std::optional<EventId> collided{};
    bool lapsed = false;  ///< `id` is past the window; the claim is kept by `collided` alone.
  };

  /// Claims `key` for `mine`. Nothing: `mine` holds it now. Otherwise the holder. A claim is free if all its ids are at
  /// least `window` old. With `fenced`, a holder that was fenced off, it is free only if that is still the holder.
  Task<Result<std::optional<Holder>>> claim(Item key, std::optional<Holder> fenced, Holder mine,
                                            std::chrono::seconds window);
  /// Keeps the claim of a content for `newest` too, which has the content of `holder`.
  Task<Status> prolong(Item key, EventId holder, EventId newest, std::chrono::seconds window);
  /// Notes in the claim of a fingerprint that `other`, of another content, is claimed by its digest. Until `other` is
  /// past the window, no further content may take the fingerprint.
  Task<Status> note_collision(Item key, EventId other, std::chrono::seconds window);

 private:
  Task<Status> set(Item key, std::string attribute, EventId id, Condition condition, std::chrono::seconds window);

  Table& table_;
  const Clock& clock_;
};

}  // namespace triggers::store::dynamo

#pragma once

// Stores an event on DynamoDB exactly once, within the windows in which duplicates are known. The claims that it uses
// are in claims.h, the items in event_items.h, and the order within a batch in batch_order.h.

#include <chrono>

#include "store/dynamo/events/claims.h"
#include "store/dynamo/events/event_items.h"
#include "store/dynamo/events/fleet_ids.h"

namespace triggers::store::dynamo {

/// How long duplicates are known.
struct Windows {
  std::chrono::seconds dedup{300};  ///< 0: contents are not compared.
  std::chrono::seconds idempotency{86'400};
};

/// Stores one event, once, whatever other nodes do at the same time: docs/decisions/0021.
///
/// It writes first the claim (an item that names the event's id), then the event under that id. A node that finds a
/// claim without its event writes that event, or fences the id off and takes the claim over. Both are conditional
/// writes, so only one node succeeds.
class Appender {
 public:
  Appender(EventItems& events, Claims& claims, FleetIds& ids, const Clock& clock, Windows windows)
      : events_(events), claims_(claims), ids_(ids), clock_(clock), windows_(windows) {}

  /// `id` was made now. Errors are those of EventItems::store.
  Task<Result<Appended>> append(const Tenant& tenant, const IncomingEvent& event, EventId id);

 private:
  Task<Result<Appended>> append_plain(const Tenant& tenant, const IncomingEvent& event, EventId id);
  Task<Result<Appended>> append_by_content(const Tenant& tenant, const IncomingEvent& event, EventId id);
  Task<Result<Appended>> append_by_key(const Tenant& tenant, const IncomingEvent& event, EventId id);
  /// Makes later events without a key duplicates of this one, which has a key, unless they are already duplicates of
  /// another event. A limit: this event is refused.
  Task<Result<std::optional<StorageLimit>>> register_content(const Tenant& tenant, const IncomingEvent& event,
                                                             EventId id);
  /// Fences off the id of a claim without an event, or tells why `event`, for which that would be done, is refused.
  Task<Result<std::optional<StorageLimit>>> fence_unless_refused(const Tenant& tenant, const IncomingEvent& event,
                                                                 EventId id);

  class ContentKey;
  Task<Result<std::optional<Claims::Holder>>> claim_content(const Tenant& tenant, const ContentKey& key,
                                                            std::optional<Claims::Holder> fenced, Claims::Holder mine);

  /// What became of the event that holds a claim.
  struct Holding {
    enum class State : std::uint8_t { equal, different, stored_now, fenced, refused };
    State state = State::fenced;
    StorageLimit refused_by = StorageLimit::tenant_bytes;
  };
  Task<Result<Holding>> resolve_holder(const Tenant& tenant, const IncomingEvent& event, Claims::Holder holder);

  [[nodiscard]] EventId renew(const EventId& id);

  EventItems& events_;
  Claims& claims_;
  FleetIds& ids_;
  const Clock& clock_;
  const Windows windows_;
};

}  // namespace triggers::store::dynamo

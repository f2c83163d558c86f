#pragma once

// The endpoints below /inboxes; each has a .cc of its own, and requeue and discard share one. The inbox `default` also
// has the older paths of endpoints/inbox and DELETE /events/{id}.

#include <cstdint>
#include <string_view>

#include "api/admission/admission_context.h"
#include "api/exchange/exchange.h"
#include "api/exchange/refusal.h"
#include "base/fair_budget.h"
#include "base/fair_count.h"
#include "base/task.h"
#include "base/turn_pool.h"
#include "event/event.h"
#include "http/wire/message.h"
#include "store/inbox_store.h"

namespace triggers::api {

/// What the endpoints use.
struct Inboxes {
  const AdmissionContext& admission;
  store::InboxStore* store;        ///< Null if the engine keeps no inboxes: then no request comes here.
  std::string_view cursor_secret;  ///< Signs cursors; the same on every node.
  FairBudget& answers;
  TurnPool* parsers;                ///< For large bodies and responses; null: the loop does both.
  const event::Limits limits;       ///< Of an event that is tried on a filter.
  FairCount& streams;               ///< Places of open streams.
  const std::uint64_t tracked_max;  ///< store::TenantLimits::tracked_max, for the message.
};

// Inboxes and their settings.

/// GET /inboxes
Task<OrRefusal<http::Response>> list_inboxes(const Inboxes& inboxes, Exchange& exchange);
/// GET /inboxes/{name}
Task<OrRefusal<http::Response>> show_inbox(const Inboxes& inboxes, Exchange& exchange);
/// PUT /inboxes/{name}
Task<OrRefusal<http::Response>> put_inbox(const Inboxes& inboxes, Exchange& exchange);
/// PATCH /inboxes/{name}
Task<OrRefusal<http::Response>> change_inbox(const Inboxes& inboxes, Exchange& exchange);
/// DELETE /inboxes/{name}
Task<OrRefusal<http::Response>> remove_inbox(const Inboxes& inboxes, Exchange& exchange);
/// POST /inboxes/test-filter
Task<OrRefusal<http::Response>> try_filter(const Inboxes& inboxes, Exchange& exchange);

// Entries.

/// GET /inboxes/{name}/events
Task<OrRefusal<http::Response>> list_entries(const Inboxes& inboxes, Exchange& exchange);
/// GET /inboxes/{name}/stream
Task<OrRefusal<http::Response>> stream_entries(const Inboxes& inboxes, Exchange& exchange);
/// POST /inboxes/{name}/lease
Task<OrRefusal<http::Response>> lease(const Inboxes& inboxes, Exchange& exchange);
/// POST /inboxes/{name}/ack
Task<OrRefusal<http::Response>> ack(const Inboxes& inboxes, Exchange& exchange);
/// POST /inboxes/{name}/release
Task<OrRefusal<http::Response>> release(const Inboxes& inboxes, Exchange& exchange);
/// POST /inboxes/{name}/extend
Task<OrRefusal<http::Response>> extend(const Inboxes& inboxes, Exchange& exchange);
/// POST /inboxes/{name}/requeue
Task<OrRefusal<http::Response>> requeue(const Inboxes& inboxes, Exchange& exchange);
/// POST /inboxes/{name}/discard
Task<OrRefusal<http::Response>> discard(const Inboxes& inboxes, Exchange& exchange);

// Jobs.

/// POST /inboxes/{name}/purge
Task<OrRefusal<http::Response>> purge(const Inboxes& inboxes, Exchange& exchange);
/// POST /inboxes/{name}/replay
Task<OrRefusal<http::Response>> replay(const Inboxes& inboxes, Exchange& exchange);
/// GET /inboxes/{name}/jobs/{id}
Task<OrRefusal<http::Response>> show_job(const Inboxes& inboxes, Exchange& exchange);

}  // namespace triggers::api

#pragma once

// The objects that the API needs from the program that builds it (apps/triggers/service.h). Which endpoint gets which
// of them is in dispatcher.h.

#include <chrono>
#include <functional>
#include <string>

#include "api/admission/first_reads.h"
#include "api/endpoints/service/post_backup.h"
#include "api/keys/key_ring.h"
#include "base/clock.h"
#include "base/fair_budget.h"
#include "base/fair_count.h"
#include "base/turn_pool.h"
#include "config/config.h"
#include "http/wire/message.h"
#include "limit/failure_limiter.h"
#include "limit/shared_bucket.h"
#include "metrics/metrics.h"
#include "store/default_inbox.h"
#include "store/event_log.h"
#include "store/inbox_store.h"
#include "store/key_store.h"
#include "store/status.h"

namespace triggers::api {

/// What the API is built on; the Dispatcher gives each endpoint its part. All of it outlives the requests; any thread
/// may use it.
struct Services {
  store::EventLog& log;
  store::DefaultInbox& inbox;
  store::InboxStore* inboxes = nullptr;  ///< Null: this engine keeps only `default`, and has no path of inboxes.
  store::KeyStore& keys;
  const store::StoreStatus& status;
  KeyRing& ring;
  limit::FailureLimiter& failures;
  FirstReads& first_reads;
  FairCount& streams;   ///< Places of open streams.
  FairBudget& answers;  ///< Memory of responses, from the store's read until the client has them.
  metrics::Registry& registry;
  const config::Config& config;
  const Clock& clock;
  std::string cursor_secret;  ///< Signs cursors; the same on every node.
  std::chrono::steady_clock::time_point started_at;
  Backup backup;                   ///< Empty: this engine has none.
  std::function<bool()> stopping;  ///< True once the server is told to stop; may be empty.
  limit::TakeSlice take_slice;     ///< Empty: this node is alone.
  TurnPool* parsers = nullptr;     ///< For large bodies and responses; null: the loop handles them itself.
};

}  // namespace triggers::api

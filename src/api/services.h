#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "api/first_reads.h"
#include "api/key_ring.h"
#include "api/refusal.h"
#include "api/router.h"
#include "base/clock.h"
#include "base/fair_budget.h"
#include "base/turn_pool.h"
#include "config/config.h"
#include "http/wire/message.h"
#include "limit/failure_limiter.h"
#include "limit/shared_bucket.h"
#include "limit/token_bucket.h"
#include "metrics/metrics.h"
#include "store/event_store.h"
#include "store/key_store.h"

namespace triggers::api {

/// A page or an event that takes no more (read, and as JSON) is not refused for what others take: large pages that
/// nobody reads do not keep small ones back.
inline constexpr std::size_t small_answer_bytes = 16 * 1024;

/// What every endpoint works with. All of it outlives the requests; any thread may use it.
struct Services {
  store::EventStore& events;
  store::KeyStore& keys;
  KeyRing& ring;
  limit::FailureLimiter& failures;
  FirstReads& first_reads;
  FairBudget& answers;  ///< Memory of answers, from their reading until they were written to their client.
  metrics::Registry& registry;
  const config::Config& config;
  const Clock& clock;
  std::string cursor_secret;  ///< Signs cursors; the same on every node.
  std::chrono::steady_clock::time_point started_at;
  std::function<Task<Status>(std::string directory)> backup;  ///< Empty: this engine has none.
  std::function<bool()> stopping;                             ///< True once the server is told to stop; may be empty.
  limit::TakeSlice take_slice;                                ///< Empty: this node is alone.
  TurnPool* parsers = nullptr;  ///< For large bodies and answers; null: they are read and made on the loop.
};

/// One request on its way: what the steps before have found out.
struct Exchange {
  const http::Request& request;
  std::string id;  ///< X-Request-ID, and the correlation id of an error.
  Route route;
  std::string_view base_path{};          ///< The configured one, if the request's path begins with it.
  std::shared_ptr<const ActiveKey> key;  ///< Set by admit().
  bool is_operator = false;              ///< Set by admit_manager(): over the local socket.
  std::optional<limit::Decision> rate;   ///< Set by admit().
  bool admitted = false;                 ///< Set by admit(): the key is good and has paid.
  UnixMillis begun{};                    ///< When it was handed to the API.

  /// For managing keys: the caller is the operator, or an admin of all tenants.
  [[nodiscard]] bool sees_all_tenants() const { return is_operator || key->record.all_tenants; }
};

}  // namespace triggers::api

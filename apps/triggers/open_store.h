#pragma once

// The store that the configuration names: the interface OpenStore, what only one engine offers, and the counters of
// events (event_counters.cc). Each engine has a .cc: embedded_store.cc, dynamo_store.cc. The API over it is in
// service.h.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"
#include "config/config.h"
#include "limit/shared_bucket.h"
#include "metrics/metrics.h"
#include "store/access.h"
#include "store/default_inbox.h"
#include "store/event_log.h"
#include "store/inbox_store.h"
#include "store/key_store.h"
#include "store/status.h"

namespace triggers {

/// What only one kind of store offers. An empty member: this store has no such thing.
struct StoreFeatures {
  /// Copies the store into a directory that does not exist.
  std::function<Task<Status>(std::string directory)> backup{};
  /// By how much the time of new ids is ahead of the clock. Any thread.
  std::function<std::chrono::milliseconds()> ids_ahead{};
  /// How long a key that was read may be used. Empty: until this process changes the key.
  std::optional<std::chrono::milliseconds> keys_hold_for{};
  /// As in api::Services. Empty: no other node has the same keys.
  limit::TakeSlice take_slice{};
  /// Writes what a server would write within a second: for a process that may be frozen or ended now.
  std::function<Task<void>()> flush{};
};

/// The store that the configuration names, opened.
class OpenStore {
 public:
  OpenStore() = default;
  OpenStore(const OpenStore&) = delete;
  OpenStore& operator=(const OpenStore&) = delete;
  virtual ~OpenStore() = default;

  [[nodiscard]] virtual store::EventLog& log() noexcept = 0;
  [[nodiscard]] virtual store::DefaultInbox& inbox() noexcept = 0;
  [[nodiscard]] virtual store::InboxStore* inboxes() noexcept = 0;
  [[nodiscard]] virtual store::KeyStore& keys() noexcept = 0;
  [[nodiscard]] virtual const store::StoreStatus& status() const noexcept = 0;
  /// They refer to this store.
  [[nodiscard]] virtual StoreFeatures features() = 0;
  /// A server calls it every second, on a thread that may block.
  virtual void every_second() = 0;
};

/// Errors: what is wrong with the directory or the tables, for an operator. `background`: sweep and measure on a
/// thread, as a server does. `access`: of the embedded store; with `read`, nothing in it is changed. `registry` and
/// `clock` outlive the store. Each program has its own version, with the engines that it contains.
Result<std::unique_ptr<OpenStore>> open_store(const config::Config& config, metrics::Registry& registry,
                                              const Clock& clock, bool background,
                                              store::Access access = store::Access::write);

/// The counters of events, for either store.
struct EventCounters {
  explicit EventCounters(metrics::Registry& registry);
  metrics::Counter &accepted, &duplicates, &acknowledged;
};

/// New events that were refused, by the option that limits. A request that is refused before its body is read is not
/// among them: nobody knows how many events it has.
[[nodiscard]] metrics::Counter& without_room_counter(metrics::Registry& registry, std::string limit);

// One file each.
Result<std::unique_ptr<OpenStore>> open_embedded_store(const config::Config& config, metrics::Registry& registry,
                                                       const Clock& clock, bool background, store::Access access);
/// What a process does on threads besides its requests.
enum class FleetWork : std::uint8_t {
  none,     ///< A command.
  readers,  ///< Looks for its waiting readers. A Lambda function: it may be frozen in the middle of anything else.
  all,      ///< Also visits tenants for the whole fleet.
};
/// `page_bytes_max`: of the payloads and metadata of a page; one larger event goes alone.
Result<std::unique_ptr<OpenStore>> open_dynamo_store(const config::Config& config, metrics::Registry& registry,
                                                     const Clock& clock, FleetWork work,
                                                     std::size_t page_bytes_max = 8 * 1024 * 1024);

}  // namespace triggers

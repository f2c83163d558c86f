#pragma once

#include <chrono>
#include <cstddef>
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
#include "store/event_store.h"
#include "store/key_store.h"

namespace triggers {

/// The store that the configuration names, with what the rest of the program must know of it.
class OpenStore {
 public:
  OpenStore() = default;
  OpenStore(const OpenStore&) = delete;
  OpenStore& operator=(const OpenStore&) = delete;
  virtual ~OpenStore() = default;

  [[nodiscard]] virtual store::EventStore& events() noexcept = 0;
  [[nodiscard]] virtual store::KeyStore& keys() noexcept = 0;
  /// Copies it into a directory; empty if it cannot be copied so.
  [[nodiscard]] virtual std::function<Task<Status>(std::string directory)> backup() = 0;
  /// How long a key that was read may be believed; nothing: until this process changes it.
  [[nodiscard]] virtual std::optional<std::chrono::milliseconds> keys_hold_for() const noexcept = 0;
  /// As of api::Services; empty: no other node has the same keys.
  [[nodiscard]] virtual limit::TakeSlice take_slice() = 0;
  /// To be called every second by a server, on a thread that may block.
  virtual void every_second() = 0;
  /// Writes down what waits to be written together with more of its kind, and does what every_second() does.
  virtual Task<void> settle() = 0;
};

/// Errors: what is wrong with the directory or the tables, for an operator. `background`: sweep and measure on a
/// thread, as a server does. `access`: of the embedded store; `read` has nothing of it changed. `registry` and `clock`
/// outlive the store. Each program has its own: with the engines that it carries.
Result<std::unique_ptr<OpenStore>> open_store(const config::Config& config, metrics::Registry& registry,
                                              const Clock& clock, bool background,
                                              store::Access access = store::Access::write);

/// What is counted of events, whatever the store.
struct EventCounters {
  explicit EventCounters(metrics::Registry& registry);
  metrics::Counter &accepted, &duplicates, &acknowledged;
};

// One file each.
Result<std::unique_ptr<OpenStore>> open_embedded_store(const config::Config& config, metrics::Registry& registry,
                                                       const Clock& clock, bool background, store::Access access);
/// `page_bytes_max`: of the payloads and metadata of a page; one larger event goes alone.
Result<std::unique_ptr<OpenStore>> open_dynamo_store(const config::Config& config, metrics::Registry& registry,
                                                     const Clock& clock, std::size_t page_bytes_max = 8 * 1024 * 1024);

}  // namespace triggers

#pragma once

// The service without a socket: builds store, key ring, limits and API, publishes their metrics, does their regular
// work, and logs when the store stops serving. The server around it is in serve.cc, the Lambda function in
// apps/bootstrap/main.cc.

#include <chrono>
#include <memory>
#include <optional>

#include "api/api.h"
#include "base/clock.h"
#include "base/result.h"
#include "config/config.h"
#include "http/wire/handlers.h"
#include "log/access_log.h"
#include "metrics/metrics.h"
#include "open_store.h"

namespace triggers {

/// The service without a socket: the store that the configuration names, and the API over it.
class Service {
 public:
  /// Opens the store. `background`: sweep and measure on a thread, as a server does. `clock` outlives the service.
  /// `access`: read, for what must not change anything.
  /// Errors as of open_store.
  static Result<std::unique_ptr<Service>> open(const config::Config& config, bool background,
                                               const Clock& clock = Clock::system(),
                                               store::Access access = store::Access::write);
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;
  ~Service();

  [[nodiscard]] api::Api& api() noexcept { return *api_; }
  /// The API, for a server or for a caller in its place. Valid as long as the service.
  [[nodiscard]] http::Handlers handlers();
  [[nodiscard]] metrics::Registry& registry() noexcept { return registry_; }
  /// From now on the status page says that the server is stopping. Any thread.
  void set_stopping() noexcept { stopping_ = true; }
  /// The number of writes that wait for the store, or are in progress there. Any thread.
  [[nodiscard]] std::uint64_t writes_waiting() const { return store_->status().metrics().queue_depth; }
  /// By how much the time of new ids is ahead of the clock. Any thread.
  [[nodiscard]] std::chrono::milliseconds ids_ahead() const {
    return features_.ids_ahead ? features_.ids_ahead() : std::chrono::milliseconds{0};
  }
  /// Writes when keys were last used, and forgets unused rate limits.
  void flush_last_used();
  /// The last such write. The destructor then does the rest.
  void finish() noexcept;
  /// The work of a server besides its requests, every second. Logs when the store stops serving and why, and when it
  /// serves again, because no request reports a failure in the background. For one thread, which may block.
  void every_second();
  /// Does now what a server would do a moment later, for a process that may be frozen or ended. One call at a time.
  Task<void> flush();

 private:
  Service() = default;
  void add_store_metrics();
  void add_waiting_metrics();
  void write_last_used_if_possible();
  Task<void> flush_keys();

  store::Access access_ = store::Access::write;
  const Clock* clock_ = nullptr;
  std::optional<std::chrono::steady_clock::time_point> last_used_at_;  // When it was written down by flush().
  std::atomic<bool> stopping_{false};
  std::string failure_reported_;  ///< The failure that the log last reported; empty: the store works.
  bool finished_ = false;
  metrics::Registry registry_;
  std::unique_ptr<log::AccessLog> access_log_;
  std::unique_ptr<OpenStore> store_;
  limit::RateBuckets rate_buckets_;
  StoreFeatures features_;
  std::unique_ptr<api::KeyRing> ring_;
  std::unique_ptr<limit::FailureLimiter> failures_;
  std::unique_ptr<api::FirstReads> first_reads_;
  std::unique_ptr<FairCount> streams_;
  std::unique_ptr<FairBudget> answers_;
  std::unique_ptr<TurnPool> parsers_;
  std::unique_ptr<api::Services> services_;
  std::unique_ptr<api::Api> api_;
};

}  // namespace triggers

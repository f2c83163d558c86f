#pragma once

// The metrics of the client. The metrics of the store's events are in apps/triggers.

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>

#include "base/mutex.h"
#include "metrics/metrics.h"
#include "store/dynamo/client/api_call.h"
#include "store/dynamo/client/error.h"

namespace triggers::store::dynamo {

/// The client's metrics, each made when it is first needed. Any thread.
class ClientProbe {
 public:
  explicit ClientProbe(metrics::Registry& registry);

  /// A call has ended: `failed` if it has no answer.
  void ended(ApiCall api_call, std::optional<DynamoCode> failed, std::chrono::steady_clock::duration took);
  void consumed(ApiCall api_call, double units);
  void retried() noexcept { retries_.add(); }
  void refused_retry() noexcept { refused_retries_.add(); }

 private:
  static constexpr std::size_t api_calls = static_cast<std::size_t>(ApiCall::describe_continuous_backups) + 1;
  static constexpr std::size_t outcomes = static_cast<std::size_t>(DynamoCode::ambiguous) + 2;  // The last is success.

  metrics::Registry& registry_;
  metrics::Counter& retries_;
  metrics::Counter& refused_retries_;
  std::array<std::array<std::atomic<metrics::Counter*>, outcomes>, api_calls> calls_{};
  std::array<std::atomic<metrics::Histogram*>, api_calls> seconds_{};
  Mutex mutex_;
  std::array<std::shared_ptr<metrics::Gauge>, api_calls> units_ GUARDED_BY(mutex_);  // The registry reads them too
};

}  // namespace triggers::store::dynamo

#pragma once

// The number of shards of the inboxes. Reading them is in shard_scan.h.

#include <atomic>
#include <chrono>
#include <optional>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/single_flight.h"
#include "store/dynamo/client/table.h"

namespace triggers::store::dynamo {

/// How many shards the inboxes of a table have. The number is an item of the table (`n`; `o` the number before, `t`
/// when it was raised) and only grows. A node reads the number every refresh_every, once for all its requests. Readers
/// read all `n` shards. Writers use new shards only grown_after later, when every reader knows them. Any thread.
class Shards {
 public:
  static constexpr std::chrono::milliseconds refresh_every{5'000};
  static constexpr std::chrono::milliseconds grown_after{15'000};

  Shards(Table& table, const Clock& clock, unsigned wanted) : table_(table), clock_(clock), wanted_(wanted) {}

  /// The number of shards to read.
  Task<Result<unsigned>> to_read();
  /// The shard for the next event; each shard in turn.
  Task<Result<unsigned>> next_to_write();

 private:
  struct Known {
    unsigned count = 0, before = 0;
    UnixMillis raised_at{};
    std::chrono::steady_clock::time_point read_at{};
  };
  /// The number of shards that every reader knows.
  [[nodiscard]] unsigned settled(const Known& known) const;
  Task<Result<Known>> know();
  /// Reads the number once for all waiting callers.
  Task<Status> renew();
  [[nodiscard]] std::optional<Known> fresh() const;
  Task<Result<Known>> read();

  Table& table_;
  const Clock& clock_;
  const unsigned wanted_;
  std::atomic<unsigned> turn_{0};
  SingleFlight reading_;
  mutable Mutex mutex_;
  Known known_ GUARDED_BY(mutex_);  ///< count 0: nothing yet.
};

}  // namespace triggers::store::dynamo

#pragma once

// The thread that expires acknowledged events and finds each inbox's oldest pending one. It also calls what pauses
// failing compactions once a second (database/compaction_backoff.h). The time by which it expires is in
// retention_time.h; the checks of files are in database/database_upkeep.cc.

#include <chrono>
#include <optional>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/mutex.h"
#include "store/rocks/commit/commit_queue.h"
#include "store/rocks/database/database.h"
#include "store/rocks/inbox/tenants.h"
#include "store/rocks/upkeep/retention_time.h"

namespace triggers::store {

struct HousekeeperConfig {
  std::chrono::hours event_ttl{24 * 30};  ///< After acknowledgement.
  const Clock* clock = &Clock::system();
  std::chrono::milliseconds tick{1000};
  std::chrono::milliseconds sweep_time_max{300};  ///< In one tick; the rest waits for the next.
};

/// Background work that no caller waits for: retention, a little at a time, and the age of the oldest unacknowledged
/// event.
class Housekeeper {
 public:
  Housekeeper(Database& database, Tenants& tenants, CommitQueue& queue, RetentionTime& time, HousekeeperConfig config);
  Housekeeper(const Housekeeper&) = delete;
  Housekeeper& operator=(const Housekeeper&) = delete;
  ~Housekeeper();

  /// Starts the thread that calls tick().
  void start();

  /// Removes at most `events_max` acknowledged events past their time to live; returns how many. Of an event that is in
  /// its inbox after all, it removes what says otherwise, and notes damage. One call at a time.
  Result<std::size_t> sweep(std::size_t events_max);
  /// Finds the oldest pending event of each inbox where it may have changed. One call at a time.
  void refresh_heads();

  /// As of the last refresh_heads(). Any thread.
  [[nodiscard]] std::optional<UnixMillis> oldest_unacknowledged() const;

 private:
  void run();
  void tick();
  void tell_sweep(const Result<std::size_t>& swept);

  Database& database_;
  Tenants& tenants_;
  CommitQueue& queue_;
  RetentionTime& time_;
  const HousekeeperConfig config_;

  mutable Mutex mutex_;
  Condition wake_;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::optional<UnixMillis> oldest_ GUARDED_BY(mutex_);
  // Of the thread that sweeps alone:
  std::string sweep_problem_;  ///< Of the last sweep.
  std::string swept_to_;       ///< The last expiry key that was removed.
  UnixMillis swept_at_{};
  std::thread thread_;
};

}  // namespace triggers::store

#pragma once

// The thread that expires events, lets entries leave (departures.h), and counts what inboxes hold (inbox_census.h). The
// time by which it expires is in retention_time.h; the checks of files, and what pauses compactions, are in
// database/database_upkeep.cc.

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/mutex.h"
#include "store/rocks/commit/commit_queue.h"
#include "store/rocks/database/database.h"
#include "store/rocks/inbox/tenants.h"
#include "store/rocks/upkeep/departures.h"
#include "store/rocks/upkeep/inbox_census.h"
#include "store/rocks/upkeep/retention_time.h"

namespace triggers::store {

struct HousekeeperConfig {
  std::chrono::hours event_ttl{24 * 30};  ///< After no inbox has had an entry of the event any more.
  const Clock* clock = &Clock::system();
  /// Is set to the time before which traces of acknowledgements are too old. May be null.
  std::shared_ptr<std::atomic<UnixMillis>> traces_begin{};
  bool counts_bytes = false;  ///< Commits keep the stored bytes of tenants.
  std::chrono::milliseconds tick{1000};
  /// In one tick; the rest waits for the next.
  std::chrono::milliseconds sweep_time_max{300}, departures_time_max{300};
};

/// Background work that no caller waits for: retention, a little at a time, and the figures of inboxes.
class Housekeeper {
 public:
  /// `lease_time`: by which leases and delays end.
  Housekeeper(Database& database, Tenants& tenants, CommitQueue& queue, RetentionTime& time, const Clock& lease_time,
              HousekeeperConfig config);
  Housekeeper(const Housekeeper&) = delete;
  Housekeeper& operator=(const Housekeeper&) = delete;
  ~Housekeeper();

  /// Starts the thread that calls tick().
  void start();

  struct Swept {
    std::size_t looked_at = 0;  ///< Entries that said that an event may be past its time to live.
    std::size_t removed = 0;    ///< Events that were.
  };
  /// Looks at `entries_max` entries at most. One call at a time.
  Result<Swept> sweep(std::size_t entries_max);
  /// Records what time has done to inboxes: as end_due() and Departures::run(), for as long as it takes. Then counts
  /// what they hold. One call at a time.
  Status settle();

  /// Entries that were older than the retention of their inbox. Any thread.
  [[nodiscard]] std::uint64_t expired() const noexcept { return departures_.expired(); }
  /// As of the last second; null before the first count. Any thread.
  [[nodiscard]] std::shared_ptr<const InboxTotals> inboxes() const { return census_.totals(); }

 private:
  void run();
  void tick();
  /// Records what has ended by itself: leases, delays, and the retention of dead entries.
  Status end_due();
  Status end_due(const InboxState& inbox, const InboxName& name);
  static void tell(const Error* error, std::string& told);

  Database& database_;
  Tenants& tenants_;
  CommitQueue& queue_;
  RetentionTime& time_;
  const Clock& lease_time_;
  const HousekeeperConfig config_;

  mutable Mutex mutex_;
  Condition wake_;
  bool stopping_ GUARDED_BY(mutex_) = false;
  // Of the thread that sweeps alone:
  Departures departures_;
  InboxCensus census_;
  std::string ends_problem_, departures_problem_, sweep_problem_;  ///< Of the last time.
  std::string swept_to_;                                           ///< The last expiry key that was removed.
  UnixMillis swept_at_{};
  std::thread thread_;
};

}  // namespace triggers::store

#pragma once

// The number of pending events of each inbox: when a node adds its changes to the stored number, and when a page
// corrects it. Pages are in inbox_reader.h.

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "store/dynamo/client/table.h"
#include "store/tenant.h"

namespace triggers::store::dynamo {

/// Counts the pending events of each inbox, in an item for each (`c` the count, `r` when it was last changed). Every
/// node adds the sum of what it accepted and acknowledged, at most once each flush_every.
///
/// So a count lags by what other nodes have not added yet, and loses what a killed node had not added. A page that
/// holds a whole inbox corrects the count (correct()). Any thread.
class Counts {
 public:
  static constexpr std::chrono::milliseconds flush_every{2'000};
  /// An item that has been wrong by the same for so long has no node that still has something to add.
  static constexpr std::chrono::milliseconds wrong_for{10'000};
  static constexpr std::chrono::seconds flush_for{5};  ///< No change is added later in one flush.
  static constexpr std::size_t inboxes_max = 100'000;  ///< In memory; past it, those without a change are forgotten.

  /// `kept`: DynamoDB removes an item so long after its last change.
  Counts(Table& table, const Clock& clock, std::optional<std::chrono::seconds> kept = {})
      : table_(table), clock_(clock), kept_(kept) {}

  void add(const Tenant& tenant, const std::string& inbox, std::int64_t change);
  /// Adds this node's changes of that inbox to its item if they have waited for flush_every.
  Task<void> flush_if_due(Tenant tenant, std::string inbox);
  /// Adds all changes that have waited for `at_least`, the oldest first. It stops at a change that cannot be added now,
  /// and after flush_for; the rest stays for the next time. So a DynamoDB that does not answer costs the time of one
  /// call, and a slow one flush_for and one call.
  Task<void> flush(std::chrono::milliseconds at_least);
  /// Adds the changes of inboxes whose items this node has left alone for flush_every. So a node that may be frozen
  /// after any request leaves little behind, and a busy one does not write for each request.
  Task<void> flush_spaced();

  struct Count {
    std::int64_t stored = 0;  ///< In the item.
    std::int64_t own = 0;     ///< What this node has not added yet.
    UnixMillis changed_at{};
    [[nodiscard]] std::uint64_t total() const {
      return static_cast<std::uint64_t>(std::max<std::int64_t>(stored + own, 0));
    }
  };
  /// One read.
  Task<Result<Count>> read(const Tenant& tenant, const std::string& inbox);
  /// A page held the whole inbox, with `seen` events. Corrects the item if this node has seen the same difference for
  /// wrong_for, without a change of the item. (Another node's events are visible before it adds them.)
  Task<void> correct(Tenant tenant, std::string inbox, Count count, std::int64_t seen);

  /// The sum of what this node knows.
  [[nodiscard]] std::uint64_t known() const;
  /// What this node has not added to the item of one inbox yet.
  [[nodiscard]] std::int64_t unwritten(const Tenant& tenant, const std::string& inbox) const;
  /// What it knows of one inbox.
  [[nodiscard]] std::int64_t known(const Tenant& tenant, const std::string& inbox) const;

 private:
  using Key = std::pair<std::string, std::string>;
  /// An item that was found to be wrong.
  struct Doubt {
    std::int64_t stored = 0, seen = 0;
    UnixMillis changed_at{};
    std::chrono::steady_clock::time_point since;
  };
  struct Entry {
    std::int64_t own = 0;
    std::int64_t flushing = 0;  ///< On its way to the item.
    std::uint64_t flushes = 0;
    std::int64_t stored = 0;                                     ///< When it was last read or changed.
    std::optional<std::chrono::steady_clock::time_point> since;  ///< Of the oldest own change.
    std::optional<std::chrono::steady_clock::time_point> flushed_at;
    std::optional<Doubt> doubt;
  };
  using Due = std::pair<std::chrono::steady_clock::time_point, Key>;  ///< Since when, and whose.
  Task<void> flush_all(std::vector<Due> due);
  /// An Error if the count was not added, or if the outcome is unknown. The count then stays here.
  Task<Status> flush_one(Key key);
  /// `flushed`: the change that the item has now, and that was on its way before.
  void remember(const Key& key, std::int64_t stored, std::int64_t flushed = 0);
  /// The change on its way was not added, or nobody knows.
  void not_flushed(const Key& key, std::int64_t change);
  [[nodiscard]] bool wrong_for_long(const Key& key, const Count& count, std::int64_t seen);
  void forget_some() REQUIRES(mutex_);

  Table& table_;
  const Clock& clock_;
  const std::optional<std::chrono::seconds> kept_;
  mutable Mutex mutex_;
  std::map<Key, Entry> entries_ GUARDED_BY(mutex_);
};

}  // namespace triggers::store::dynamo

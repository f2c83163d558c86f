#pragma once

// Reads the shards of an inbox concurrently, and merges them in the order of ids. How many shards there are is in
// shards.h.

#include <deque>
#include <memory>
#include <vector>

#include "store/dynamo/events/entry_check.h"
#include "store/dynamo/events/found.h"
#include "store/dynamo/events/log_items.h"
#include "store/page.h"

namespace triggers::store::dynamo {

/// What a scan needs of a managed tenant besides the entries.
struct ManagedScan {
  LogItems* log;      ///< For the content of large events.
  EntryCheck* check;  ///< Entries that are not undelivered are scanned as fences.
  /// The content of events of other types is not read. Nothing: of all.
  std::optional<std::string> event_type{};
};

/// The pending items of all shards of an inbox, merged in the order of their ids or the other way round. For one
/// coroutine.
class ShardScan {
 public:
  /// Starts after `after`, or with the first one. `items_expected`: how many the caller will probably take. Adds what
  /// is read to `memory`; the caller subtracts what it does not keep. `managed`: nothing for a plain tenant.
  ShardScan(Table& table, const Tenant& tenant, const std::string& inbox, unsigned shards, PageOrder order,
            std::optional<EventId> after, std::size_t items_expected, FairBudget::Share& memory,
            std::optional<ManagedScan> managed = {});

  /// True at first, and whenever a shard whose items were taken has more.
  [[nodiscard]] bool must_read() const;
  /// Continues to read those shards, concurrently.
  Task<Status> read_on();
  /// The next item, which may be a fence; `absent` is the end. Do not call it while a read is needed.
  [[nodiscard]] Found next();

 private:
  struct Shard {
    std::string partition;
    std::optional<EventId> read_to;
    std::deque<Found> items{};
    std::size_t limit = 0;  ///< Of the next query.
    bool more = true;
    std::optional<Error> error{};

    [[nodiscard]] bool must_read() const { return items.empty() && more; }
  };
  static constexpr std::size_t query_items_max = 1'000;
  /// As much as a query returns.
  static constexpr std::size_t content_bytes_max = 1024UL * 1024;

  Task<void> fill(Shard& shard);
  /// Reads what the entries themselves do not say. Leaves out the last ones if the content of all is too large.
  Task<Status> complete(std::vector<Found>& items);
  Task<Status> check(std::vector<Found>& items);

  Table& table_;
  const Tenant tenant_;
  std::optional<ManagedScan> managed_;
  FairBudget::Share& memory_;
  const bool backwards_;
  std::vector<Shard> shards_;
};

}  // namespace triggers::store::dynamo

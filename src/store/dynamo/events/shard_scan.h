#pragma once

// Merges the shards of an inbox in the order of ids. How many shards there are is in shards.h.

#include <deque>
#include <memory>
#include <vector>

#include "store/dynamo/events/event_items.h"
#include "store/page.h"

namespace triggers::store::dynamo {

/// The pending items of all shards of an inbox, merged in the order of their ids or the other way round. For one
/// coroutine.
class ShardScan {
 public:
  /// Starts after `after`, or with the first one. `items_expected`: how many the caller will probably take. Adds what
  /// is read to `memory`; the caller subtracts what it does not keep.
  ShardScan(Table& table, const Tenant& tenant, const std::string& inbox, unsigned shards, PageOrder order,
            std::optional<EventId> after, std::size_t items_expected, FairBudget::Share& memory);

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

  Task<void> fill(Shard& shard);

  Table& table_;
  FairBudget::Share& memory_;
  const bool backwards_;
  std::vector<Shard> shards_;
};

}  // namespace triggers::store::dynamo

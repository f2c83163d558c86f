#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "store/dynamo/event_items.h"

namespace triggers::store::dynamo {

/// The pending items of all shards of an inbox, merged in the order of their ids. For one coroutine.
class ShardScan {
 public:
  /// Starts behind `after`. `items_expected`: how many the caller will most likely take.
  ShardScan(Table& table, const Tenant& tenant, const std::string& inbox, unsigned shards, EventId after,
            std::size_t items_expected);

  /// Reads the first items of every shard, beside each other.
  Task<Status> start();
  /// The next one, a fence too; an `absent` one is the end.
  Task<Result<Found>> next();

 private:
  struct Shard {
    std::string partition;
    EventId read_to;
    std::deque<Found> items{};
    std::size_t limit = 0;  ///< Of the next query.
    bool more = true;
    std::optional<Error> error{};
  };
  static constexpr std::size_t query_items_max = 1'000;

  Task<void> fill(Shard& shard);

  Table& table_;
  std::vector<Shard> shards_;
};

}  // namespace triggers::store::dynamo

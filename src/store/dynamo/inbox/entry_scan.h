#pragma once

// Reads the entries of an inbox in the order of their ids, whatever their state. Pages of plain tenants use
// events/shard_scan.h.

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "base/fair_budget.h"
#include "store/dynamo/client/table.h"
#include "store/dynamo/events/entry_items.h"
#include "store/dynamo/inbox/inbox_place.h"

namespace triggers::store::dynamo {

/// The entries of all shards, merged. It reads the shards concurrently, a part at a time. For one coroutine.
class EntryScan {
 public:
  /// Begins behind `after`. `expected`: how many the caller will probably take. What is read is added to `memory`; the
  /// caller subtracts what it does not keep: bytes_of().
  EntryScan(Table& table, const InboxPlace& place, unsigned shards, const EventId& after, std::size_t expected,
            FairBudget::Share& memory);

  /// Reads what the first next() would read. Optional: for a caller that has something else to read at the same time.
  Task<Status> read_ahead();
  /// The next entry; nothing at the end. Fences are left out.
  Task<Result<std::optional<StoredEntry>>> next();

  /// About how much memory an entry takes here.
  [[nodiscard]] static std::size_t bytes_of(const StoredEntry& entry) noexcept;

 private:
  struct Shard {
    std::string partition{};
    EventId read_to{};
    std::deque<StoredEntry> entries{};
    std::size_t limit = 0;  ///< Of the next query.
    bool more = true;
    std::optional<Error> error{};

    [[nodiscard]] bool must_read() const { return entries.empty() && more; }
  };

  Task<Status> read_on();
  Task<void> fill(Shard& shard);
  [[nodiscard]] Status take(Shard& shard, const Item& item);

  Table& table_;
  FairBudget::Share& memory_;
  std::vector<Shard> shards_;
};

}  // namespace triggers::store::dynamo

#pragma once

// The order in which waiting operations leave the queue. How many may wait is in queue_shares.h and commit_queue.h.

#include <deque>
#include <list>
#include <string>
#include <unordered_map>
#include <vector>

#include "store/rocks/commit/operation.h"

namespace triggers::store {

/// Waiting operations. Tenants take turns; the operations of one tenant keep their order. Constant cost for each,
/// whatever waits; remove() costs more the more tenants wait. Not thread-safe.
class TenantTurns {
 public:
  /// Moves the operations in, from the front of `operations`. If there is no memory, it throws std::bad_alloc, and the
  /// rest stay there.
  void add(std::vector<Operation*>& operations);

  [[nodiscard]] bool empty() const noexcept { return turns_.empty(); }
  /// The next one: the oldest of the tenant whose turn it is. Not when empty.
  [[nodiscard]] Operation* front() const noexcept { return turns_.front()->second.front(); }
  /// Takes it out. True if it is still that tenant's turn; false if nothing more of it waits.
  bool pop() noexcept;
  /// The next tenant's turn.
  void pass() noexcept { turns_.splice(turns_.end(), turns_, turns_.begin()); }
  /// Takes the operation out if it is the oldest of its tenant.
  void remove(const Operation& operation) noexcept;

 private:
  using Lanes = std::unordered_map<std::string, std::deque<Operation*>>;  ///< By tenant; none is empty.

  void end(Lanes::value_type& lane) noexcept;

  Lanes lanes_;
  std::list<Lanes::value_type*> turns_;
  std::size_t taken_over_ = 0;  ///< Of an add() that was cut short.
};

}  // namespace triggers::store

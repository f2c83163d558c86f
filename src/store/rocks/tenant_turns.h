#pragma once

#include <deque>
#include <list>
#include <string>
#include <unordered_map>
#include <vector>

#include "store/rocks/operation.h"

namespace triggers::store {

/// Operations that wait, handed out one of each tenant in turn; those of one tenant in their order. Constant cost for
/// each, whatever waits. Not thread-safe.
class TenantTurns {
 public:
  /// Takes the operations over, from the front of `operations`. Without memory it throws std::bad_alloc, and those that
  /// are not taken over stay there.
  void add(std::vector<Operation*>& operations);

  [[nodiscard]] bool empty() const noexcept { return turns_.empty(); }
  /// The next one. Not when empty.
  [[nodiscard]] Operation* front() const noexcept { return turns_.front()->second.front(); }
  /// Takes it out; the next tenant's turn.
  void pop() noexcept;

 private:
  using Lanes = std::unordered_map<std::string, std::deque<Operation*>>;  ///< By tenant; none is empty.

  Lanes lanes_;
  std::list<Lanes::value_type*> turns_;
  std::size_t taken_over_ = 0;  ///< Of an add() that was cut short.
};

}  // namespace triggers::store

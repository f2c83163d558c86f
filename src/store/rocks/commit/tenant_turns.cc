#include "store/rocks/commit/tenant_turns.h"

#include "base/invariant.h"

namespace triggers::store {
namespace {

const std::string& name_of(const Operation& operation) noexcept {
  static const std::string nobody;
  return operation.tenant != nullptr ? operation.tenant->id : nobody;
}

}  // namespace

void TenantTurns::add(std::vector<Operation*>& operations) {
  for (; taken_over_ < operations.size(); ++taken_over_) {
    Operation* const operation = operations[taken_over_];
    auto& lane = *lanes_.try_emplace(name_of(*operation)).first;
    const bool new_turn = lane.second.empty();
    try {
      lane.second.push_back(operation);
      if (new_turn) turns_.push_back(&lane);
    } catch (...) {
      if (new_turn) lanes_.erase(lanes_.find(lane.first));
      throw;
    }
  }
  operations.clear();
  taken_over_ = 0;
}

bool TenantTurns::pop() noexcept {
  INVARIANT(!turns_.empty() && !turns_.front()->second.empty(), "the tenant whose turn it is has nothing waiting");
  Lanes::value_type& lane = *turns_.front();
  lane.second.pop_front();
  if (!lane.second.empty()) return true;
  end(lane);
  return false;
}

void TenantTurns::remove(const Operation& operation) noexcept {
  const auto lane = lanes_.find(name_of(operation));
  if (lane == lanes_.end() || lane->second.front() != &operation) return;
  lane->second.pop_front();
  if (lane->second.empty()) end(*lane);
}

void TenantTurns::end(Lanes::value_type& lane) noexcept {
  turns_.remove(&lane);
  lanes_.erase(lanes_.find(lane.first));
}

}  // namespace triggers::store

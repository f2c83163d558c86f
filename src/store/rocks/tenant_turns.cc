#include "store/rocks/tenant_turns.h"

namespace triggers::store {

void TenantTurns::add(std::vector<Operation*>& operations) {
  for (; taken_over_ < operations.size(); ++taken_over_) {
    Operation* const operation = operations[taken_over_];
    auto& lane = *lanes_.try_emplace(operation->tenant != nullptr ? operation->tenant->id : std::string{}).first;
    const bool new_turn = lane.second.empty();
    lane.second.push_back(operation);
    if (!new_turn) continue;
    try {
      turns_.push_back(&lane);
    } catch (...) {
      lane.second.clear();
      throw;
    }
  }
  operations.clear();
  taken_over_ = 0;
}

void TenantTurns::pop() noexcept {
  auto* const lane = turns_.front();
  lane->second.pop_front();
  if (lane->second.empty()) {
    turns_.pop_front();
    lanes_.erase(lanes_.find(lane->first));
  } else {
    turns_.splice(turns_.end(), turns_, turns_.begin());
  }
}

}  // namespace triggers::store

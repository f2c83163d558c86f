#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "store/event_store.h"

namespace triggers::store::dynamo {

/// How the events of a batch are stored: those that may be equal to another of the batch one after the other, so that
/// the first of them is the one that is accepted; all others beside each other.
struct BatchOrder {
  std::vector<std::size_t> in_turn, alone;  ///< Places in the batch.
};
/// `by_content`: events without an idempotency key are compared by their content.
[[nodiscard]] BatchOrder order_of(std::span<const Append> events, bool by_content);

}  // namespace triggers::store::dynamo

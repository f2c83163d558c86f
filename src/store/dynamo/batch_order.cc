#include "store/dynamo/batch_order.h"

#include <map>

namespace triggers::store::dynamo {

BatchOrder order_of(std::span<const Append> events, bool by_content) {
  std::map<event::Fingerprint, std::size_t> by_fingerprint;
  std::map<std::string_view, std::size_t> by_key;
  for (const Append& event : events) {
    if (by_content) ++by_fingerprint[event.fingerprint];
    if (event.idempotency_key) ++by_key[*event.idempotency_key];
  }
  BatchOrder order;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const bool shared = (by_content && by_fingerprint[events[i].fingerprint] > 1) ||
                        (events[i].idempotency_key && by_key[*events[i].idempotency_key] > 1);
    (shared ? order.in_turn : order.alone).push_back(i);
  }
  return order;
}

}  // namespace triggers::store::dynamo

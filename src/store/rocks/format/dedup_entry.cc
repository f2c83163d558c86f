#include "store/rocks/format/dedup_entry.h"

#include <algorithm>

namespace triggers::store {

using event::EventId;

std::string DedupEntry::encode() const {
  std::string bytes;
  if (first) bytes.append(first->view());
  if (newest && newest != first) bytes.append(newest->view());
  if (collided) bytes.append(1, dedup::collided_tag).append(collided->view());
  return bytes;
}

std::optional<EventId> newest_of_dedup(std::string_view bytes) {
  std::optional<EventId> newest;
  if (dedup::has_collided(bytes)) {
    newest = EventId::from_bytes(dedup::last_id(bytes));
    bytes.remove_suffix(dedup::id_bytes + 1);
  }
  if (bytes.size() < dedup::id_bytes) return newest;
  const auto last = EventId::from_bytes(dedup::last_id(bytes));
  return newest ? std::max(*newest, last) : last;
}

}  // namespace triggers::store

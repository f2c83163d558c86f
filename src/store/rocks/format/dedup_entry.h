#pragma once

// The bytes of a value in the `dedup` family: writing them, reading them, and reading only the id that decides when the
// entry expires. Its key is in layout.h; finding and changing entries is in commit/content_index.h.

#include <optional>
#include <string>
#include <string_view>

#include "base/uuid7.h"
#include "event/event.h"

namespace triggers::store {

/// The value of an entry in the `dedup` family: which events of one content were accepted. Later events are duplicates
/// of the first. The newest keeps the content known when the first is past the window.
struct DedupEntry {
  std::optional<event::EventId> first, newest;
  /// Only under a fingerprint: the newest event of another content with this fingerprint. That content is stored under
  /// its digest, and so is every further one until this id is past the window.
  std::optional<event::EventId> collided;

  [[nodiscard]] std::string encode() const;
};

/// Decodes an entry. Ids for which `valid(id)` is false are ignored. An entry of format version 1 has up to 8 ids;
/// those between the first and the last are ignored too.
template <class Valid>
[[nodiscard]] DedupEntry decode_dedup(std::string_view bytes, Valid valid);

/// The id that decides when an entry is past its window; nothing if it cannot be read.
[[nodiscard]] std::optional<event::EventId> newest_of_dedup(std::string_view bytes);

namespace dedup {
inline constexpr std::size_t id_bytes = 16;
inline constexpr char collided_tag = 'c';
/// A tag byte precedes the id of a collision, so the size of such an entry is not a multiple of an id's.
[[nodiscard]] inline bool has_collided(std::string_view bytes) noexcept {
  return bytes.size() % id_bytes == 1 && bytes.size() > id_bytes && bytes[bytes.size() - id_bytes - 1] == collided_tag;
}
[[nodiscard]] inline std::string_view last_id(std::string_view bytes) noexcept {
  return bytes.substr(bytes.size() - id_bytes);
}
}  // namespace dedup

template <class Valid>
DedupEntry decode_dedup(std::string_view bytes, Valid valid) {
  DedupEntry entry;
  if (dedup::has_collided(bytes)) {
    const auto collided = event::EventId::from_bytes(dedup::last_id(bytes));
    if (valid(collided)) entry.collided = collided;
    bytes.remove_suffix(dedup::id_bytes + 1);
  }
  for (; bytes.size() >= dedup::id_bytes; bytes.remove_prefix(dedup::id_bytes)) {
    const auto id = event::EventId::from_bytes(bytes.substr(0, dedup::id_bytes));
    if (!valid(id)) continue;
    if (!entry.first) entry.first = id;
    entry.newest = id;
  }
  return entry;
}

}  // namespace triggers::store

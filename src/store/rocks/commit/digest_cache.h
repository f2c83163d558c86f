#pragma once

// Remembers the digests of stored events. The digest of an incoming event is in compared_event.h.

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstring>
#include <optional>
#include <utility>

#include "store/content.h"

namespace triggers::store {

/// Digests of stored events, so that an event is read and hashed once even if many others are compared with it. Keeps
/// the last `digests_max / 2` to `digests_max`, 48 bytes each. Not thread-safe.
class DigestCache {
 public:
  static constexpr std::size_t digests_max = 32'768;

  [[nodiscard]] std::optional<ContentDigest> get(const EventId& id) const {
    for (const auto* generation : {&young_, &old_}) {
      if (const auto found = generation->find(id); found != generation->end()) return found->second;
    }
    return std::nullopt;
  }

  void put(const EventId& id, const ContentDigest& digest) {
    if (young_.size() >= digests_max / 2) old_ = std::exchange(young_, {});
    young_.emplace(id, digest);
  }

 private:
  /// The end of an id is random.
  struct Hash {
    std::size_t operator()(const EventId& id) const noexcept {
      std::size_t hash = 0;
      std::memcpy(&hash, id.bytes.data() + id.bytes.size() - sizeof hash, sizeof hash);
      return hash;
    }
  };
  using Generation = boost::unordered_flat_map<EventId, ContentDigest, Hash>;

  Generation young_, old_;
};

}  // namespace triggers::store

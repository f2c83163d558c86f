#pragma once

// Lets concurrent requests for the same unknown key share one read of the store. Keys that are known are in
// key_shard.h.

#include <memory>
#include <unordered_map>
#include <utility>

#include "api/keys/active_key.h"
#include "api/keys/key_shard.h"
#include "auth/key.h"
#include "base/mutex.h"
#include "base/single_flight.h"

namespace triggers::api {

/// One read of a key from the store, for all callers that miss the key. Any thread.
class KeyLoad {
 public:
  SingleFlight flight;

  void set_key(std::shared_ptr<const ActiveKey> key) {
    const MutexLock lock(mutex_);
    key_ = std::move(key);
  }
  /// What was read last.
  [[nodiscard]] std::shared_ptr<const ActiveKey> key() const {
    const MutexLock lock(mutex_);
    return key_;
  }

 private:
  mutable Mutex mutex_;
  std::shared_ptr<const ActiveKey> key_ GUARDED_BY(mutex_);
};

/// The reads that are under way, at most one for each secret. Any thread.
class KeyLoads {
 public:
  [[nodiscard]] bool contains(const auth::KeyHash& hash) const {
    const MutexLock lock(mutex_);
    return loads_.contains(hash);
  }
  /// The read of that secret that is under way, or a new one.
  [[nodiscard]] std::shared_ptr<KeyLoad> join(const auth::KeyHash& hash) {
    const MutexLock lock(mutex_);
    auto& load = loads_[hash];
    if (!load) load = std::make_shared<KeyLoad>();
    return load;
  }
  /// `load` has ended. A newer read of the same secret stays registered: a caller that joined this one too late may
  /// have started it.
  void end(const auth::KeyHash& hash, const KeyLoad& load) noexcept {
    const MutexLock lock(mutex_);
    const auto found = loads_.find(hash);
    if (found != loads_.end() && found->second.get() == &load) loads_.erase(found);
  }

 private:
  mutable Mutex mutex_;
  std::unordered_map<auth::KeyHash, std::shared_ptr<KeyLoad>, HashOfHash> loads_ GUARDED_BY(mutex_);
};

}  // namespace triggers::api

#pragma once

// One part of the key ring: a bounded map from the hash of a secret to a key. Reading missing keys is in key_ring.h.

#include <array>
#include <cstddef>
#include <memory>
#include <random>
#include <unordered_map>
#include <vector>

#include "api/keys/active_key.h"
#include "auth/key.h"
#include "base/mutex.h"

namespace triggers::api {

struct HashOfHash {
  std::size_t operator()(const auth::KeyHash& hash) const noexcept;
};

/// Keys by the hash of a secret, up to a number of bytes. Beyond that number a random key is dropped, so the tenant
/// with most keys loses most. Keys with long event types have a quarter of the bytes for themselves, so that the large
/// keys of one tenant never displace the ordinary keys of others. Any thread.
class KeyShard {
 public:
  /// A key that takes more is a large one.
  static constexpr std::size_t small_bytes_max = 4 * 1024;

  /// There is room for one small and one large key, however few the bytes are.
  void set_bytes_max(std::size_t bytes_max);
  [[nodiscard]] std::shared_ptr<const ActiveKey> find(const auth::KeyHash& hash) const;
  void put(const auth::KeyHash& hash, std::shared_ptr<const ActiveKey> key);
  void erase(const auth::KeyHash& hash);
  /// Erases a key that was read before `time`.
  void erase_older(const auth::KeyHash& hash, std::chrono::steady_clock::time_point time);
  [[nodiscard]] std::size_t bytes() const;

 private:
  struct Class;
  struct Entry {
    std::shared_ptr<const ActiveKey> key;
    Class* home = nullptr;
    std::size_t bytes = 0;
    std::size_t at = 0;  ///< Its place among the members of `home`.
  };
  using Keys = std::unordered_map<auth::KeyHash, Entry, HashOfHash>;
  struct Class {
    std::size_t bytes_max = 0;
    std::size_t bytes = 0;
    std::vector<Keys::value_type*> members;
  };

  void erase(Keys::iterator found) REQUIRES(mutex_);

  mutable SharedMutex mutex_;
  Keys keys_ GUARDED_BY(mutex_);
  Class small_ GUARDED_BY(mutex_), large_ GUARDED_BY(mutex_);
  std::minstd_rand random_ GUARDED_BY(mutex_);
};

}  // namespace triggers::api

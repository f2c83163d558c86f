#pragma once

// The keys in memory: finding a key by its secret, reading it when it is missing, and following changes. One part of
// the memory is in key_shard.h, the shared reads are in key_loads.h. Whether a key may do something is decided in
// admission/.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "api/keys/key_loads.h"
#include "api/keys/key_shard.h"
#include "auth/key.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"
#include "base/task.h"
#include "store/key_store.h"

namespace triggers::api {

/// Keys in memory, in front of the store. Code that changes a key in this process calls refresh() before it answers,
/// and an older revision never replaces a newer one. So the ring is exact as long as no other process changes the
/// store's keys; if one may, set `hold_for`. Any thread may call.
class KeyRing {
 public:
  /// Some 200,000 keys without event types, and some 640 of the largest.
  static constexpr std::size_t bytes_max_default = std::size_t{256} * 1024 * 1024;
  /// How much the ring had forgotten at some moment; for refresh().
  using Mark = std::uint64_t;

  /// Keys up to `bytes_max` in total are found without the store; beyond that, some are dropped and read again. Each
  /// key gets its bucket from `rate_buckets`, also when it is read again. A record that was read `hold_for` ago is read
  /// again before it is used.
  explicit KeyRing(store::KeyStore& store, limit::RateBuckets& rate_buckets, std::size_t bytes_max = bytes_max_default,
                   std::optional<std::chrono::milliseconds> hold_for = {}, const Clock& clock = Clock::system());
  KeyRing(const KeyRing&) = delete;
  KeyRing& operator=(const KeyRing&) = delete;

  /// The key with that secret if it is here and was read recently enough; one look-up.
  [[nodiscard]] std::shared_ptr<const ActiveKey> find(const auth::KeyHash& hash) const;
  /// Whether a key with that secret is here, also one that must be read again before it is used.
  [[nodiscard]] bool knows(const auth::KeyHash& hash) const { return find_any(hash) != nullptr; }
  /// Whether that secret is being read from the store now: then load() waits for that reading.
  [[nodiscard]] bool is_reading(const auth::KeyHash& hash) const { return loads_.contains(hash); }
  /// As find(), but from the store if it is not here. Concurrent callers share one reading. A null pointer: no key
  /// has that secret.
  Task<Result<std::shared_ptr<const ActiveKey>>> load(auth::KeyHash hash);
  /// Call it before a change, and pass the result to refresh() with the changed record.
  [[nodiscard]] Mark mark() const;
  /// Replaces the record that was just created or changed.
  void refresh(const auth::KeyRecord& record, Mark before);
  /// Writes the times of last use to the store, and forgets dropped keys whose time is written.
  Task<Status> flush_last_used();
  /// The approximate memory of the keys in the ring.
  [[nodiscard]] std::size_t bytes() const;
  /// Keys whose revision and last use are remembered, here or dropped.
  [[nodiscard]] std::size_t remembered() const;

 private:
  static constexpr std::size_t shard_count = 64;

  /// What is remembered of a key that is here, or was dropped. It does not keep the record.
  struct Known {
    std::uint64_t revision = 0;
    std::shared_ptr<LastUse> last_use;
    std::weak_ptr<const ActiveKey> key;
  };

  enum class Refreshed : std::uint8_t {
    yes,
    older,    ///< The ring has a newer record.
    unknown,  ///< The ring has forgotten keys since `before`, so it cannot tell whether it had a newer record.
  };
  [[nodiscard]] Refreshed refresh(const std::shared_ptr<ActiveKey>& key, Mark before);
  static std::shared_ptr<ActiveKey> active(const auth::KeyRecord& record,
                                           std::chrono::steady_clock::time_point read_at);
  [[nodiscard]] static bool may_be_forgotten(const Known& known);
  struct Used {
    std::string key_id;
    std::shared_ptr<LastUse> last_use;
    std::int64_t at_ms = 0;
  };
  Task<Status> read_for_all(auth::KeyHash hash, KeyLoad& load);
  /// A null pointer: no key has that secret, or the ring has a newer record than the one that was read.
  Task<Result<std::shared_ptr<const ActiveKey>>> read(auth::KeyHash hash);
  /// The key that was read, unless its record has been replaced since.
  std::shared_ptr<const ActiveKey> still_newest(const KeyLoad& load) const;
  [[nodiscard]] std::shared_ptr<const ActiveKey> find_any(const auth::KeyHash& hash) const {
    return shards_[hash.bytes[0] % shard_count].find(hash);
  }
  [[nodiscard]] KeyShard& shard(const auth::KeyHash& hash) { return shards_[hash.bytes[0] % shard_count]; }

  store::KeyStore& store_;
  limit::RateBuckets& rate_buckets_;
  const Clock& clock_;
  const std::optional<std::chrono::milliseconds> hold_for_;
  std::array<KeyShard, shard_count> shards_;
  KeyLoads loads_;
  mutable Mutex by_id_mutex_;  ///< Taken before a shard's.
  std::unordered_map<std::string, Known> by_id_ GUARDED_BY(by_id_mutex_);
  Mark forgotten_ GUARDED_BY(by_id_mutex_) = 0;  ///< How many keys were removed from by_id_.
};

}  // namespace triggers::api

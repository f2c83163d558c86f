#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "auth/key.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/single_flight.h"
#include "base/task.h"
#include "limit/shared_bucket.h"
#include "limit/token_bucket.h"
#include "store/key_store.h"
#include "store/tenant.h"

namespace triggers::api {

/// What a key has used; stays the same object while the key's record changes.
struct KeyUsage {
  explicit KeyUsage(std::optional<std::uint32_t> per_minute) : bucket(per_minute) {}
  limit::TokenBucket bucket;
  limit::SharedBucket shared;                 ///< Instead of `bucket`, where nodes share the key's.
  SingleFlight slice;                         ///< One request asks for a slice of it for all.
  std::atomic<std::int64_t> last_used_ms{0};  ///< Unix time; 0: not since the last flush.
};

/// A key as requests see it. Never changes: a changed record is another one.
struct ActiveKey {
  auth::KeyRecord record;
  Tenant tenant;
  std::shared_ptr<KeyUsage> usage;
  std::chrono::steady_clock::time_point read_at;  ///< The record was the store's then, or later.
};

/// Keys in memory, in front of the store. Whoever changes a key in this process calls refresh() before answering, and
/// an older revision never replaces a newer one. So without `hold_for` it is exact, not a guess: then no other process
/// may change the store's keys. Any thread may call.
class KeyRing {
 public:
  static constexpr std::size_t keys_max_default = 1'000'000;

  /// At most `keys_max` secrets are found without the store (some 600 bytes each); past it, some are forgotten and read
  /// again. What a key has used is kept as long as the process, or else an evicted key would begin with a full bucket.
  /// A record that was read `hold_for` ago is read again before it is used.
  explicit KeyRing(store::KeyStore& store, std::size_t keys_max = keys_max_default,
                   std::optional<std::chrono::milliseconds> hold_for = {}, const Clock& clock = Clock::system());
  KeyRing(const KeyRing&) = delete;
  KeyRing& operator=(const KeyRing&) = delete;

  /// The key with that secret if it is here and may be believed; one look-up.
  [[nodiscard]] std::shared_ptr<const ActiveKey> find(const auth::KeyHash& hash) const;
  /// Whether a key with that secret is here, also one that must be read again before it is used.
  [[nodiscard]] bool knows(const auth::KeyHash& hash) const { return find_any(hash) != nullptr; }
  /// Whether that secret is being read from the store now: then load() waits for that reading.
  [[nodiscard]] bool is_reading(const auth::KeyHash& hash) const;
  /// As find(), but from the store if it is not here. Concurrent callers share one reading. A null pointer: no key
  /// has that secret.
  Task<Result<std::shared_ptr<const ActiveKey>>> load(auth::KeyHash hash);
  /// Takes a record that was created or changed now.
  void refresh(const auth::KeyRecord& record) { refresh(record, clock_.steady()); }
  /// Writes down when keys were last used.
  Task<Status> flush_last_used();

 private:
  struct HashOfHash {
    std::size_t operator()(const auth::KeyHash& hash) const noexcept;
  };
  struct Shard {
    mutable std::shared_mutex mutex;
    std::unordered_map<auth::KeyHash, std::shared_ptr<const ActiveKey>, HashOfHash> keys;
  };
  static constexpr std::size_t shard_count = 64;

  void refresh(const auth::KeyRecord& record, std::chrono::steady_clock::time_point read_at);
  struct Used {
    std::string key_id;
    std::shared_ptr<KeyUsage> usage;
    std::int64_t at_ms = 0;
  };
  /// The reading that all callers who miss the key wait for.
  Task<Status> read_for_all(auth::KeyHash hash);
  Task<Status> read(auth::KeyHash hash);
  [[nodiscard]] std::shared_ptr<const ActiveKey> find_any(const auth::KeyHash& hash) const;
  [[nodiscard]] Shard& shard(const auth::KeyHash& hash) const { return shards_[hash.bytes[0] % shard_count]; }

  store::KeyStore& store_;
  const Clock& clock_;
  const std::optional<std::chrono::milliseconds> hold_for_;
  const std::size_t shard_keys_max_;
  mutable std::array<Shard, shard_count> shards_;
  mutable std::mutex loads_mutex_;
  std::unordered_map<auth::KeyHash, std::shared_ptr<SingleFlight>, HashOfHash> loads_;  ///< Under way.
  std::mutex by_id_mutex_;  ///< Held by refresh(), before a shard's.
  std::unordered_map<std::string, std::shared_ptr<const ActiveKey>> by_id_;
};

}  // namespace triggers::api

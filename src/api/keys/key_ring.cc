#include "api/keys/key_ring.h"

#include <algorithm>
#include <random>

#include "base/random.h"

namespace triggers::api {

KeyRing::KeyRing(store::KeyStore& store, limit::RateBuckets& rate_buckets, std::size_t bytes_max,
                 std::optional<std::chrono::milliseconds> hold_for, const Clock& clock)
    : store_(store), rate_buckets_(rate_buckets), clock_(clock), hold_for_(hold_for) {
  for (KeyShard& one : shards_) one.set_bytes_max(bytes_max / shard_count);
}

std::shared_ptr<const ActiveKey> KeyRing::find(const auth::KeyHash& hash) const {
  auto key = find_any(hash);
  if (key && hold_for_ && clock_.steady() - key->read_at >= *hold_for_) return nullptr;
  return key;
}

Task<Result<std::shared_ptr<const ActiveKey>>> KeyRing::load(auth::KeyHash hash) {
  if (auto here = find(hash)) co_return here;
  const std::shared_ptr<KeyLoad> load = loads_.join(hash);
  auto read_it = [this, hash, load] { return read_for_all(hash, *load); };
  if (auto done = co_await load->flight.fly(std::move(read_it)); !done) co_return std::move(done).error();
  if (auto here = find_any(hash)) co_return here;
  // Other keys may have displaced it already.
  co_return still_newest(*load);
}

Task<Status> KeyRing::read_for_all(auth::KeyHash hash, KeyLoad& load) {
  // Also if the read throws: is_reading() must not stay true.
  struct Landing {
    KeyLoads& loads;
    const auth::KeyHash& hash;
    const KeyLoad& load;
    ~Landing() { loads.end(hash, load); }
  };
  const Landing landing{loads_, hash, load};
  auto key = co_await read(hash);
  if (!key) co_return std::move(key).error();
  load.set_key(*std::move(key));
  co_return Done{};
}

Task<Result<std::shared_ptr<const ActiveKey>>> KeyRing::read(auth::KeyHash hash) {
  for (;;) {
    const Mark before = mark();
    const auto read_at = clock_.steady();  // Taken before the read, so the record is at least as new.
    auto record = co_await store_.key_by_hash(hash);
    if (!record) co_return std::move(record).error();
    if (!*record) {
      // Another process has dropped this secret.
      if (hold_for_) shard(hash).erase_older(hash, read_at);
      co_return nullptr;
    }
    const std::shared_ptr<ActiveKey> key = active(**record, read_at);
    switch (refresh(key, before)) {
      case Refreshed::yes: co_return key;
      case Refreshed::older: co_return nullptr;
      case Refreshed::unknown: break;
    }
  }
}

std::shared_ptr<const ActiveKey> KeyRing::still_newest(const KeyLoad& load) const {
  const std::shared_ptr<const ActiveKey> key = load.key();
  if (!key) return nullptr;
  const MutexLock lock(by_id_mutex_);
  const auto known = by_id_.find(key->record.key_id);
  return known != by_id_.end() && known->second.revision == key->record.revision ? key : nullptr;
}

KeyRing::Mark KeyRing::mark() const {
  const MutexLock lock(by_id_mutex_);
  return forgotten_;
}

void KeyRing::refresh(const auth::KeyRecord& record, Mark before) {
  // If it is unknown, no older record is here either, and the next request reads the store.
  (void)refresh(active(record, clock_.steady()), before);
}

std::shared_ptr<ActiveKey> KeyRing::active(const auth::KeyRecord& record,
                                           std::chrono::steady_clock::time_point read_at) {
  // Not make_shared(): a weak pointer would then keep the record's memory.
  std::shared_ptr<ActiveKey> key(std::make_unique<ActiveKey>());
  key->record = record;
  key->tenant = Tenant{record.user_id};
  key->read_at = read_at;
  return key;
}

KeyRing::Refreshed KeyRing::refresh(const std::shared_ptr<ActiveKey>& key, Mark before) {
  const auth::KeyRecord& record = key->record;
  const MutexLock lock(by_id_mutex_);
  const auto home = by_id_.find(record.key_id);
  if (home == by_id_.end() && forgotten_ != before) return Refreshed::unknown;
  if (home != by_id_.end() && home->second.revision > record.revision) return Refreshed::older;
  Known& known = home != by_id_.end() ? home->second : by_id_[record.key_id];
  const auto here = known.key.lock();

  if (here && known.revision == record.revision) key->read_at = std::max(here->read_at, key->read_at);
  if (!known.last_use) known.last_use = std::make_shared<LastUse>(0);
  key->last_use = known.last_use;
  key->rate_bucket = rate_buckets_.bucket(record.key_id, record.rate_limit_per_minute);
  if (here) {
    for (const auto& secret : here->record.secrets) shard(secret.hash).erase(secret.hash);
  }
  known.revision = record.revision;
  known.key = key;
  for (const auto& secret : record.secrets) shard(secret.hash).put(secret.hash, key);
  return Refreshed::yes;
}

/// No request has the key, so its next use needs a read, whose refresh() waits for by_id_mutex_.
bool KeyRing::may_be_forgotten(const Known& known) {
  return known.key.expired() && (!known.last_use || (known.last_use.use_count() == 1 && *known.last_use == 0));
}

std::size_t KeyRing::bytes() const {
  std::size_t sum = 0;
  for (const KeyShard& one : shards_) sum += one.bytes();
  return sum;
}

std::size_t KeyRing::remembered() const {
  const MutexLock lock(by_id_mutex_);
  return by_id_.size();
}

Task<Status> KeyRing::flush_last_used() {
  std::vector<Used> used;
  {
    const MutexLock lock(by_id_mutex_);
    forgotten_ += std::erase_if(by_id_, [](const auto& one) { return may_be_forgotten(one.second); });
    for (const auto& [key_id, known] : by_id_) {
      if (!known.last_use) continue;
      const auto last = known.last_use->exchange(0, std::memory_order_relaxed);
      if (last != 0) used.push_back({key_id, known.last_use, last});
    }
  }
  // Shuffled, so that a store that never finishes the list still reaches each key at some time.
  std::ranges::shuffle(used, std::minstd_rand(static_cast<std::minstd_rand::result_type>(random_u64())));
  std::vector<std::pair<std::string, UnixMillis>> times;
  times.reserve(used.size());
  for (const Used& one : used) times.emplace_back(one.key_id, UnixMillis{std::chrono::milliseconds{one.at_ms}});
  auto touched = co_await store_.touch_keys(std::move(times));
  if (!touched) {
    // Any of them may have been written or not. A key that was used since then has a later time already.
    for (const Used& one : used) {
      std::int64_t none = 0;
      one.last_use->compare_exchange_strong(none, one.at_ms, std::memory_order_relaxed);
    }
  }
  co_return touched;
}

}  // namespace triggers::api

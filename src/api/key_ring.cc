#include "api/key_ring.h"

#include <algorithm>
#include <cstring>
#include <random>

#include "base/random.h"

namespace triggers::api {

KeyRing::KeyRing(store::KeyStore& store, std::size_t keys_max, std::optional<std::chrono::milliseconds> hold_for,
                 const Clock& clock)
    : store_(store),
      clock_(clock),
      hold_for_(hold_for),
      shard_keys_max_(std::max<std::size_t>(keys_max / shard_count, 1)) {}

std::size_t KeyRing::HashOfHash::operator()(const auth::KeyHash& hash) const noexcept {
  std::size_t value = 0;
  std::memcpy(&value, hash.bytes.data() + 8, sizeof value);
  return value;
}

std::shared_ptr<const ActiveKey> KeyRing::find(const auth::KeyHash& hash) const {
  auto key = find_any(hash);
  if (key && hold_for_ && clock_.steady() - key->read_at >= *hold_for_) return nullptr;
  return key;
}

std::shared_ptr<const ActiveKey> KeyRing::find_any(const auth::KeyHash& hash) const {
  const Shard& home = shard(hash);
  const std::shared_lock lock(home.mutex);
  const auto found = home.keys.find(hash);
  return found == home.keys.end() ? nullptr : found->second;
}

bool KeyRing::is_reading(const auth::KeyHash& hash) const {
  const std::lock_guard lock(loads_mutex_);
  return loads_.contains(hash);
}

Task<Result<std::shared_ptr<const ActiveKey>>> KeyRing::load(auth::KeyHash hash) {
  if (auto here = find(hash)) co_return here;
  std::shared_ptr<SingleFlight> flight;
  {
    const std::lock_guard lock(loads_mutex_);
    auto& known = loads_[hash];
    if (!known) known = std::make_shared<SingleFlight>();
    flight = known;
  }
  auto read_it = [this, hash] { return read_for_all(hash); };
  if (auto done = co_await flight->fly(std::move(read_it)); !done) co_return std::move(done).error();
  // Not here after all: no key has it, or the record that was read had been replaced meanwhile, and the newer one lacks
  // this secret.
  co_return find_any(hash);
}

Task<Status> KeyRing::read_for_all(auth::KeyHash hash) {
  // Also if the reading throws: later requests would otherwise count as if somebody read for them.
  struct Landing {
    KeyRing& ring;
    const auth::KeyHash& hash;
    ~Landing() {
      const std::lock_guard lock(ring.loads_mutex_);
      ring.loads_.erase(hash);
    }
  };
  const Landing landing{*this, hash};
  co_return co_await read(hash);
}

Task<Status> KeyRing::read(auth::KeyHash hash) {
  const auto read_at = clock_.steady();  // From before the reading: what it tells is not older.
  auto record = co_await store_.key_by_hash(hash);
  if (!record) co_return std::move(record).error();
  if (!*record) {
    // Another process has dropped this secret.
    Shard& home = shard(hash);
    const std::unique_lock lock(home.mutex);
    if (const auto stale = home.keys.find(hash);
        stale != home.keys.end() && hold_for_ && stale->second->read_at < read_at) {
      home.keys.erase(stale);
    }
    co_return Done{};
  }
  refresh(**record, read_at);
  co_return Done{};
}

void KeyRing::refresh(const auth::KeyRecord& record, std::chrono::steady_clock::time_point read_at) {
  const std::lock_guard lock(by_id_mutex_);
  std::shared_ptr<const ActiveKey>& known = by_id_[record.key_id];
  if (known && known->record.revision > record.revision) return;

  auto key = std::make_shared<ActiveKey>();
  key->record = record;
  key->read_at = known && known->record.revision == record.revision ? std::max(known->read_at, read_at) : read_at;
  key->tenant = Tenant{record.user_id};
  key->usage = known ? known->usage : std::make_shared<KeyUsage>(record.rate_limit_per_minute);
  key->usage->bucket.set_rate(record.rate_limit_per_minute);
  if (known) {
    for (const auto& secret : known->record.secrets) {
      Shard& home = shard(secret.hash);
      const std::unique_lock shard_lock(home.mutex);
      home.keys.erase(secret.hash);
    }
  }
  known = key;
  for (const auto& secret : record.secrets) {
    Shard& home = shard(secret.hash);
    const std::unique_lock shard_lock(home.mutex);
    if (home.keys.size() >= shard_keys_max_) home.keys.erase(home.keys.begin());
    home.keys[secret.hash] = key;
  }
}

Task<Status> KeyRing::flush_last_used() {
  std::vector<Used> used;
  {
    const std::lock_guard lock(by_id_mutex_);
    for (const auto& [key_id, key] : by_id_) {
      const auto last = key->usage->last_used_ms.exchange(0, std::memory_order_relaxed);
      if (last != 0) used.push_back({key_id, key->usage, last});
    }
  }
  // In no order, so that a store that does not come to all of them comes to each one some time.
  std::ranges::shuffle(used, std::minstd_rand(static_cast<std::minstd_rand::result_type>(random_u64())));
  std::vector<std::pair<std::string, UnixMillis>> times;
  times.reserve(used.size());
  for (const Used& one : used) times.emplace_back(one.key_id, UnixMillis{std::chrono::milliseconds{one.at_ms}});
  auto touched = co_await store_.touch_keys(std::move(times));
  if (!touched) {
    // Which of them were written is not known. Who has been used meanwhile has a later time already.
    for (const Used& one : used) {
      std::int64_t none = 0;
      one.usage->last_used_ms.compare_exchange_strong(none, one.at_ms, std::memory_order_relaxed);
    }
  }
  co_return touched;
}

}  // namespace triggers::api

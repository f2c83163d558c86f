#include <benchmark/benchmark.h>

#include <chrono>
#include <string>
#include <vector>

#include "api/keys/key_ring.h"
#include "auth/validate.h"
#include "store/memory/memory_store.h"

namespace triggers::api {
namespace {

/// A ring that holds 100,000 keys, and their secrets' hashes.
struct FullRing {
  static constexpr std::size_t keys_max = 100'000;

  std::unique_ptr<store::MemoryStore> store = store::MemoryStore::create({});
  limit::RateBuckets rate_buckets;
  KeyRing ring{*store, rate_buckets};
  std::vector<auth::KeyHash> hashes;

  FullRing() {
    for (std::size_t i = 0; i < keys_max; ++i) {
      auth::KeyRecord record;
      record.key_id = "key_" + std::to_string(i);
      record.user_id = "user";
      record.rate_limit_per_minute = auth::KeyLimits::rate_limit_per_minute_max;
      hashes.push_back(auth::hash_key(record.key_id));
      record.secrets.push_back({hashes.back(), std::nullopt});
      ring.refresh(record, ring.mark());
    }
  }
};

/// What a request pays for its rate limit: the key found by its hash, and one token of its bucket.
void find_and_take(benchmark::State& state) {
  static FullRing full;
  const auto count = static_cast<std::size_t>(state.range(0));
  std::size_t at = static_cast<std::size_t>(state.thread_index()) * 7919;
  for (auto _ : state) {
    at += 7919;
    const auto key = full.ring.find(full.hashes[at % count]);
    benchmark::DoNotOptimize(key->rate_bucket->own.take(std::chrono::steady_clock::now()));
  }
}
BENCHMARK(find_and_take)->Arg(1)->Arg(FullRing::keys_max)->Threads(1)->Threads(8)->UseRealTime();

}  // namespace
}  // namespace triggers::api

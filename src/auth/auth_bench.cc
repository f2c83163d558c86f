// The cost of hashing a key, reading a bearer token, and decoding a key's record. Finding a key in memory is in
// src/api/keys/key_ring_bench.cc.

#include <benchmark/benchmark.h>

#include "auth/authorize.h"
#include "auth/bearer.h"
#include "auth/key.h"

namespace triggers::auth {
namespace {

void hash_of_a_key(benchmark::State& state) {
  const auto key = generate_key();
  for (auto _ : state) benchmark::DoNotOptimize(hash_key(key));
}
BENCHMARK(hash_of_a_key)->ThreadRange(1, 2);

void bearer_of_a_field(benchmark::State& state) {
  const auto field = "Bearer " + generate_key();
  for (auto _ : state) benchmark::DoNotOptimize(bearer_token(field));
}
BENCHMARK(bearer_of_a_field);

void decode_of_a_record(benchmark::State& state) {
  KeyRecord record;
  record.key_id = "key_0190a5c0-0000-7000-8000-000000000000";
  record.user_id = "load-test";
  record.secrets.push_back({hash_key("secret"), std::nullopt});
  const auto bytes = encode(record);
  for (auto _ : state) benchmark::DoNotOptimize(decode(bytes).ok());
}
BENCHMARK(decode_of_a_record);

}  // namespace
}  // namespace triggers::auth

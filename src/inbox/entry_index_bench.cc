#include <benchmark/benchmark.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "inbox/entry_index.h"
#include "inbox/record_codec.h"
#include "inbox/test_inbox.h"

namespace triggers::inbox {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// `hidden` leased and as many dead entries in turn, with even numbers, and `fresh` ones behind them.
void fill(EntryIndex& index, std::uint64_t hidden, std::uint64_t fresh) {
  for (std::uint64_t i = 0; i != hidden; ++i) {
    const UnixMillis until = test_time + milliseconds(1 + i * 29'000 / hidden);
    (void)index.restore(test_id(4 * i), {EntryState::leased, 1, test_time, until, test_lease(i / 10), {}}, test_time);
    (void)index.restore(test_id(4 * i + 2), {EntryState::dead, 10, test_time, {}, {}, Failure{"no", test_time}},
                        test_time);
  }
  const Counts found = index.counts();
  (void)index.restored({found.undelivered() + fresh, found.dead, {}});
}

/// The cost in this folder of a lease of 10 and the acknowledgement of the 10, each a batch with a journal, including
/// the encoded records. range(0) leased entries and as many dead ones are in front.
void lease_and_acknowledge_10(benchmark::State& state) {
  EntryIndex index(Rules{});
  const auto hidden = static_cast<std::uint64_t>(state.range(0));
  fill(index, hidden, 5'000'000);
  std::uint64_t next = 4 * hidden, leases = 2 * hidden;
  std::array<EventId, 10> fresh;
  for (auto _ : state) {
    for (EventId& id : fresh) id = test_id(next++);
    const LeaseId lease = test_lease(leases++);
    (void)index.begin();
    for (const LeasedEntry& entry : index.lease(fresh, 10, lease, seconds(30), test_time)) {
      benchmark::DoNotOptimize(encode_record({.entry = entry.entry, .acknowledgement = {}}));
    }
    index.keep();
    (void)index.begin();
    for (const EventId& id : fresh) {
      const auto known = index.find(id);
      const auto transition = acknowledge({.entry = known->entry, .acknowledgement = {}}, lease, test_time);
      index.remove(id);
      benchmark::DoNotOptimize(encode_record(*transition.changed));
      benchmark::DoNotOptimize(index.accept(test_id(next + 10'000'000)));
    }
    index.keep();
  }
}
BENCHMARK(lease_and_acknowledge_10)->Arg(1'000)->Arg(1'000'000);

/// The same for ten entries that came back and lie anywhere among the hidden ones.
void lease_and_release_10(benchmark::State& state) {
  EntryIndex index(Rules{.max_attempts = {}});
  const auto hidden = static_cast<std::uint64_t>(state.range(0));
  for (std::uint64_t i = 0; i != 1'000; ++i) {
    (void)index.restore(test_id(4 * hidden / 1'000 * i + 1), Entry{.attempts = 1}, test_time);
  }
  fill(index, hidden, 0);
  std::uint64_t leases = 2 * hidden;
  for (auto _ : state) {
    (void)index.begin();
    const auto leased = index.lease({}, 10, test_lease(leases++), seconds(30), test_time);
    index.keep();
    (void)index.begin();
    for (const LeasedEntry& entry : leased) index.update(entry.id, Entry{.attempts = 1});
    index.keep();
  }
}
BENCHMARK(lease_and_release_10)->Arg(1'000)->Arg(1'000'000);

/// A failed write of a whole batch: 1,000 leased and put back, with a million leased and a million dead in front.
void undo_1000(benchmark::State& state) {
  EntryIndex index(Rules{});
  fill(index, 1'000'000, 5'000'000);
  std::vector<EventId> fresh;
  for (std::uint64_t i = 0; i != 1'000; ++i) fresh.push_back(test_id(4'000'000 + i));
  for (auto _ : state) {
    const auto before = index.begin();
    benchmark::DoNotOptimize(index.lease(fresh, 1'000, test_lease(2'000'000), seconds(30), test_time));
    index.rollback(before);
    index.keep();
  }
}
BENCHMARK(undo_1000)->Unit(benchmark::kMicrosecond);

/// Restoring after startup: one record for each entry, in the order of a scan.
void restore_a_million(benchmark::State& state) {
  for (auto _ : state) {
    EntryIndex index(Rules{});
    fill(index, 500'000, 0);
    benchmark::DoNotOptimize(index.counts());
  }
}
BENCHMARK(restore_a_million)->Unit(benchmark::kMillisecond)->Iterations(1);

/// All leases end at the same time; each call of advance() ends 500.
void end_500_of_a_million(benchmark::State& state) {
  EntryIndex index(Rules{.max_attempts = {}});
  const auto restore = [&] {
    for (std::uint64_t i = 0; i != 1'000'000; ++i) {
      if (index.find(test_id(i))) index.remove(test_id(i));
      (void)index.restore(test_id(i),
                          Entry{EntryState::leased, 1, test_time, test_time + seconds(30), test_lease(i / 10), {}},
                          test_time);
    }
  };
  restore();
  for (auto _ : state) {
    if (index.advance(test_time + seconds(30), 500).empty()) {
      state.PauseTiming();
      restore();
      state.ResumeTiming();
    }
  }
}
BENCHMARK(end_500_of_a_million);

}  // namespace
}  // namespace triggers::inbox

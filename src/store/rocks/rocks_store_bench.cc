#include <benchmark/benchmark.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/sync_wait.h"
#include "store/rocks/rocks_store.h"
#include "store/rocks/test_directory.h"

namespace triggers::store {
namespace {

const Tenant tenant{"acme"};
constexpr std::size_t events_per_batch = 500;

/// How many events the large inbox has; STORE_BENCH_PENDING=1000000 for a real comparison.
std::size_t pending_large() {
  const char* const given = std::getenv("STORE_BENCH_PENDING");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : 2000;
}

/// Many tasks on one thread, as an IO thread has them.
class Loop final : public Executor {
 public:
  void resume(std::span<const std::coroutine_handle<>> handles) override {
    const MutexLock lock(mutex_);
    ready_.insert(ready_.end(), handles.begin(), handles.end());
    wake_.notify_one();
  }
  /// Runs `tasks` tasks of `make(i)` together until all have ended.
  template <class Make>
  void run(std::size_t tasks, Make make) {
    const Scope scope(*this);
    running_ = tasks;
    for (std::size_t i = 0; i < tasks; ++i) start(make(i));
    while (running_ > 0) run_ready();
  }

 private:
  RootTask start(Task<void> task) {
    co_await std::move(task);
    --running_;
  }
  void run_ready() {
    std::vector<std::coroutine_handle<>> handles;
    {
      MutexLock lock(mutex_);
      while (ready_.empty()) wake_.wait(lock);
      handles.swap(ready_);
    }
    for (const auto handle : handles) handle.resume();
  }

  Mutex mutex_;
  Condition wake_;
  std::vector<std::coroutine_handle<>> ready_ GUARDED_BY(mutex_);
  std::size_t running_ = 0;
};

/// A store in a directory of its own, with what its commits have cost.
class Bench {
 public:
  Bench() {
    RocksConfig config;
    config.data_dir = directory_.path();
    config.background = false;
    config.on_commit = [this](const CommitStats& stats) {
      ++commits_;
      log_ns_ += stats.log_time.count();
      total_ns_ += stats.total_time.count();
    };
    store_ = std::move(RocksStore::open(config)).value();
  }

  RocksStore& store() { return *store_; }

  /// Of every append another content: some 200 bytes, as a small webhook has.
  std::string payload() {
    return R"({"order_id":)" + std::to_string(number_++) +
           R"(,"customer":{"id":48213,"tier":"gold"},"total":149.90,"currency":"EUR",)"
           R"("items":[{"sku":"A-1","n":2},{"sku":"B-7","n":1}],"paid":true,"note":"leave it at the door, please"})";
  }
  static IncomingEvent append_of(const std::string& payload) {
    IncomingEvent append;
    append.event_type = "order.created";
    append.payload = payload;
    append.fingerprint = event::fingerprint(append.event_type, payload);
    return append;
  }

  std::vector<EventId> fill(std::size_t count) {
    std::vector<EventId> ids;
    while (ids.size() < count) {
      std::vector<std::string> payloads(std::min(events_per_batch, count - ids.size()));
      std::vector<IncomingEvent> events;
      events.reserve(payloads.size());
      for (auto& text : payloads) events.push_back(append_of(text = payload()));
      for (const auto& answer : sync_wait(store_->append_batch(tenant, std::move(events))))
        ids.push_back(answer.value().id);
    }
    return ids;
  }

  /// Of what has been counted since the store was made.
  void report(benchmark::State& state, std::size_t operations) const {
    state.SetItemsProcessed(static_cast<std::int64_t>(operations));
    const auto commits = static_cast<double>(std::max<std::uint64_t>(commits_.load(), 1));
    state.counters["operations_per_commit"] = static_cast<double>(operations) / commits;
    state.counters["log_us_per_commit"] = static_cast<double>(log_ns_.load()) / commits / 1000;
    state.counters["commit_us"] = static_cast<double>(total_ns_.load()) / commits / 1000;
  }

 private:
  TestDirectory directory_;
  std::size_t number_ = 0;
  // Counted on the committer's thread.
  std::atomic<std::uint64_t> commits_ = 0;
  std::atomic<std::int64_t> log_ns_ = 0, total_ns_ = 0;
  std::unique_ptr<RocksStore> store_;
};

Task<void> append_some(Bench& bench, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const std::string payload = bench.payload();
    auto event = Bench::append_of(payload);
    const auto answer = co_await bench.store().append(tenant, event);
    INVARIANT(answer && answer->outcome == Appended::Outcome::accepted);
  }
}

/// Durable appends of unlike events, state.range(0) of them in flight on one thread.
void append(benchmark::State& state) {
  constexpr std::size_t each = 8;
  const auto in_flight = static_cast<std::size_t>(state.range(0));
  Bench bench;
  Loop loop;
  std::size_t done = 0;
  for (auto iteration : state) {
    loop.run(in_flight, [&](std::size_t) { return append_some(bench, each); });
    done += in_flight * each;
  }
  bench.report(state, done);
}
BENCHMARK(append)->Arg(1)->Arg(64)->Arg(400)->UseRealTime()->Unit(benchmark::kMillisecond);

/// Durable acknowledgements, each of one event, 400 in flight on one thread.
void acknowledge(benchmark::State& state) {
  constexpr std::size_t in_flight = 400;
  Bench bench;
  Loop loop;
  std::size_t done = 0;
  for (auto iteration : state) {
    state.PauseTiming();
    const auto ids = bench.fill(in_flight);
    state.ResumeTiming();
    loop.run(in_flight, [&](std::size_t i) -> Task<void> {
      return [](DefaultInbox& inbox, EventId id) -> Task<void> {
        std::vector<EventId> one(1, id);
        const auto outcome = co_await inbox.acknowledge(tenant, std::move(one));
        INVARIANT(outcome && outcome->front() == AckStatus::acknowledged);
      }(bench.store(), ids[i]);
    });
    done += in_flight;
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(done));
}
BENCHMARK(acknowledge)->UseRealTime()->Unit(benchmark::kMillisecond);

/// The first page of 50, and one from the middle, of an inbox with as many pending events as the argument says.
void page(benchmark::State& state) {
  Bench bench;
  const auto ids = bench.fill(static_cast<std::size_t>(state.range(0)));
  PageQuery query;
  if (state.range(1) != 0) query.after = continue_after(ids[ids.size() / 2]);
  for (auto iteration : state) {
    auto page = sync_wait(bench.store().page(tenant, query));
    INVARIANT(page && page->events.size() == query.limit && page->total_unacknowledged == ids.size());
    benchmark::DoNotOptimize(page);
  }
}
BENCHMARK(page)
    ->ArgNames({"pending", "from_middle"})
    ->Apply([](benchmark::internal::Benchmark* sizes) {
      for (const std::size_t pending : {std::size_t{500}, pending_large()}) {
        for (const int from_middle : {0, 1}) sizes->Args({static_cast<std::int64_t>(pending), from_middle});
      }
    })
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace triggers::store

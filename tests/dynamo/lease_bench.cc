// Leasing and acknowledging on a node's engine, compared with raw conditional writes through the same client, in turns
// on one DynamoDB (bench/dynamo.py). Run it as dynamo_lease_bench URL SECONDS WORKERS ROUNDS. First it prints what one
// lease of 10 and its acknowledgement cost, then a line of JSON for each round.

#include <unistd.h>

#include <array>
#include <atomic>
#include <boost/json.hpp>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>

#include "base/random.h"
#include "base/stoppable_sleep.h"
#include "base/sync_wait.h"
#include "dynamo/bench_loop.h"
#include "store/dynamo/dynamo_store.h"
#include "store/dynamo/tables/tables.h"
#include "support/draft.h"

namespace triggers::store {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr std::size_t batch = 10;
constexpr std::size_t costs_measured = 50;

struct Costs {
  std::uint64_t calls = 0, one_after_another = 0;
  double read_units = 0, write_units = 0;
};

/// Counts calls, how many of them follow each other, and, if asked for, units.
class CountingCaller final : public dynamo::Caller {
 public:
  explicit CountingCaller(dynamo::Caller& real) : real_(real) {}

  /// What calls cost from now on. Nothing else may make calls meanwhile. Not while calls are under way.
  void measure() { costs_.emplace(); }
  Costs measured() { return *std::exchange(costs_, std::nullopt); }
  [[nodiscard]] std::uint64_t calls() const noexcept { return calls_; }

  Task<dynamo::CallResult> call(dynamo::ApiCall api_call, boost::json::object body, dynamo::Repeat repeat,
                                std::chrono::milliseconds within) override {
    ++calls_;
    if (!costs_) co_return co_await real_.call(api_call, std::move(body), repeat, within);
    body["ReturnConsumedCapacity"] = "TOTAL";
    ++costs_->calls;
    if (under_way_++ == 0) ++costs_->one_after_another;
    auto answer = co_await real_.call(api_call, std::move(body), repeat, within);
    --under_way_;
    if (answer) count_units(api_call, *answer);
    co_return answer;
  }
  Task<bool> wait_to_retry(unsigned retry, std::chrono::milliseconds within) override {
    return real_.wait_to_retry(retry, within);
  }
  Task<bool> pause(unsigned round, std::chrono::milliseconds within) override { return real_.pause(round, within); }
  Task<void> sleep(std::chrono::milliseconds time) override { return real_.sleep(time); }

 private:
  void count_units(dynamo::ApiCall api_call, const boost::json::object& answer) {
    const auto* consumed = answer.if_contains("ConsumedCapacity");
    if (consumed == nullptr) return;
    double& units = dynamo::only_reads(api_call) ? costs_->read_units : costs_->write_units;
    const auto add = [&](const boost::json::value& one) { units += one.at("CapacityUnits").to_number<double>(); };
    if (consumed->is_object()) add(*consumed);
    if (!consumed->is_array()) return;
    for (const auto& one : consumed->get_array()) add(one);
  }

  dynamo::Caller& real_;
  std::atomic<std::uint64_t> calls_{0};
  std::optional<Costs> costs_;
  std::size_t under_way_ = 0;
};

/// A node on tables of its own, and raw writes beside it.
class LeaseBench {
 public:
  LeaseBench(dynamo::DynamoClient& client, std::size_t workers)
      : client_(client), workers_(workers), real_(dynamo::make_caller(client)), caller_(*real_) {
    const std::string name = "lease-bench-" + std::to_string(::getpid());
    config_.events_table = name + "-events";
    config_.keys_table = name + "-keys";
    config_.inboxes = true;
    config_.windows.dedup = seconds{0};
  }

  bool begin() {
    dynamo::Tables tables(*real_, config_.events_table, config_.keys_table);
    if (auto made = sync_wait(tables.create()); !made) return failed(made.error());
    loop_ = BenchLoop::create();
    if (!loop_) return failed({ErrorCode::unavailable, "no port is free"});
    store_ = std::make_unique<DynamoStore>(config_, caller_);
    LeaseRequest first;
    if (auto leased = sync_wait(store_->lease(tenant_, first)); !leased) return failed(leased.error());
    return true;
  }
  void end() {
    background_ = {};
    dynamo::Tables tables(*real_, config_.events_table, config_.keys_table);
    (void)sync_wait(tables.remove());
  }

  /// What one lease and its acknowledgement cost when nothing else happens.
  bool measure_costs() {
    if (!accept(batch * (costs_measured + 1), 16)) return false;
    Sum warm_up;
    sync_wait(work(steady_clock::now() + seconds{5}, 1, warm_up));
    std::this_thread::sleep_for(seconds{2});  // A node that has just begun looks at records first.
    caller_.measure();
    Sum sum;
    // The settings are read once a second at most, and the front: both are in the figures.
    const auto begun = steady_clock::now();
    sync_wait(work(begun + seconds{60}, costs_measured, sum));
    const double took_ms = std::chrono::duration<double, std::milli>(steady_clock::now() - begun).count();
    const auto costs = caller_.measured();
    if (sum.failed || sum.acknowledged == 0) return failed({ErrorCode::internal, "nothing was leased"});
    const double leases = static_cast<double>(sum.acknowledged) / batch;
    std::printf(
        "{\"calls\":%.1f,\"one_after_another\":%.1f,\"read_units\":%.1f,\"write_units\":%.1f,\"milliseconds\":%.2f}\n",
        static_cast<double>(costs.calls) / leases, static_cast<double>(costs.one_after_another) / leases,
        costs.read_units / leases, costs.write_units / leases, took_ms / leases);
    return true;
  }

  /// One line: both in turns, the other one first in every second round.
  bool measure_round(unsigned round, seconds time) {
    // As a node does beside its requests.
    if (!background_.joinable()) background_ = std::jthread([this](const std::stop_token& stop) { refresh(stop); });
    if (!accept(expected_, 64)) return false;
    double raw = round % 2 == 1 ? raw_writes(time) : 0;
    const std::uint64_t calls_before = caller_.calls();
    const auto begun = steady_clock::now();
    Sum sum;
    const bool good =
        loop_->run(workers_, time + seconds{30}, [&, until = begun + time] { return work(until, SIZE_MAX, sum); });
    const double took = std::chrono::duration<double>(steady_clock::now() - begun).count();
    const std::uint64_t calls = caller_.calls() - calls_before;
    if (round % 2 == 0) raw = raw_writes(time);
    if (!good || sum.failed || raw <= 0) return failed({ErrorCode::unavailable, "a call failed"});
    const double each_second = static_cast<double>(sum.acknowledged) / took;
    std::printf(
        "{\"entries_per_second\":%.0f,\"calls_per_second\":%.0f,\"raw_writes_per_second\":%.0f,\"ran_dry\":%s}\n",
        each_second, static_cast<double>(calls) / took, raw, sum.ran_dry ? "true" : "false");
    std::fflush(stdout);
    expected_ = static_cast<std::size_t>(each_second * static_cast<double>(time.count()) * 1.3) + 1'000;
    return true;
  }

 private:
  struct Sum {
    std::uint64_t acknowledged = 0;
    bool failed = false, ran_dry = false;
  };

  static bool failed(const Error& error) {
    std::fprintf(stderr, "%s\n", error.message.c_str());
    return false;
  }

  void refresh(const std::stop_token& stop) {
    for (bool flush = true; !stop.stop_requested(); flush = !flush) {
      sync_wait(store_->refresh_settings());
      if (flush) sync_wait(store_->flush_counts(false));
      stoppable_sleep(stop, std::chrono::milliseconds{500});
    }
  }

  /// Makes `default` have so many entries more.
  bool accept(std::size_t count, std::size_t at_once) {
    bool good = true;
    const std::size_t last = accepted_ + count;
    const bool ran = loop_->run(at_once, seconds{600}, [&]() -> Task<void> {
      while (good && accepted_ < last) {
        Draft draft;
        draft.payload =
            R"({"n":)" + std::to_string(1'000'000 + accepted_++) + R"(,"text":")" + std::string(160, 'x') + R"("})";
        auto stored = co_await store_->append(tenant_, draft.append());
        if (!stored) good = failed(stored.error());
      }
    });
    return good && ran;
  }

  /// One worker: leases and acknowledges.
  Task<void> work(steady_clock::time_point until, std::size_t leases, Sum& sum) {
    for (std::size_t i = 0; i < leases && !sum.failed && steady_clock::now() < until; ++i) {
      LeaseRequest request;
      request.limit = batch;
      auto leased = co_await store_->lease(tenant_, request);
      if (!leased) {
        sum.failed = !failed(leased.error());
        break;
      }
      if (leased->events.empty()) {
        sum.ran_dry = true;
        break;
      }
      std::vector<EventId> ids;
      for (const LeasedEvent& one : leased->events) ids.push_back(one.event.id);
      auto results = co_await store_->acknowledge(tenant_, InboxName(), leased->lease, std::move(ids));
      if (!results) {
        sum.failed = !failed(results.error());
        break;
      }
      for (const EntryResult& one : *results) sum.acknowledged += one.status == EntryStatus::acknowledged ? 1 : 0;
    }
  }

  /// The calls of one raw writer, one after the other: puts on the condition that the version is the one that was
  /// written last, of an item of the size of an entry's record.
  Task<void> write_raw(steady_clock::time_point until, std::uint64_t& writes, bool& good) {
    const std::string key = std::to_string(random_u64());
    constexpr std::uint64_t first = 1'700'000'000'000;
    for (std::uint64_t version = first; steady_clock::now() < until && good; ++version) {
      std::string body = R"({"TableName":")" + config_.events_table;
      body += R"(","ReturnValuesOnConditionCheckFailure":"ALL_OLD","Item":{"k":{"S":"raw#)" + key;
      body += R"("},"i":{"B":"AAAAAAAAAAAAAAAAAAAAAA=="},"a":{"B":"AAAAAAAAAAAAAAAAAAAAAA=="},"w":{"B":")";
      body += std::string(64, 'A') + R"("},"n":{"N":")" + std::to_string(version) + R"("}},"ConditionExpression":")";
      if (version == first) {
        body += R"x(attribute_not_exists(k)"})x";
      } else {
        body += R"(n = :seen","ExpressionAttributeValues":{":seen":{"N":")" + std::to_string(version - 1) + R"("}}})";
      }
      const auto deadline = steady_clock::now() + seconds{10};
      const auto done =
          co_await client_.call(dynamo::ApiCall::put_item, std::move(body), dynamo::Repeat::once, deadline);
      if (!done) good = failed({ErrorCode::unavailable, "a raw write failed"});
      if (done) ++writes;
    }
  }
  double raw_writes(seconds time) {
    std::uint64_t writes = 0;
    bool good = true;
    const auto begun = steady_clock::now();
    const bool ran = loop_->run(raw_writers, time + seconds{30},
                                [&, until = begun + time] { return write_raw(until, writes, good); });
    const double took = std::chrono::duration<double>(steady_clock::now() - begun).count();
    return ran && good ? static_cast<double>(writes) / took : 0;
  }
  static constexpr std::size_t raw_writers = 64;

  dynamo::DynamoClient& client_;
  const std::size_t workers_;
  std::unique_ptr<dynamo::Caller> real_;
  CountingCaller caller_;
  DynamoStoreConfig config_;
  const Tenant tenant_{"bench"};
  std::unique_ptr<DynamoStore> store_;
  std::unique_ptr<BenchLoop> loop_;
  std::size_t accepted_ = 0;
  std::size_t expected_ = 6'000;
  std::jthread background_;
};

int run(const std::string& url, seconds time, std::size_t workers, unsigned rounds) {
  aws::FixedCredentials credentials({"example", "secret", "", std::nullopt});
  metrics::Registry registry;
  dynamo::DynamoConfig config;
  config.region = "eu-west-1";
  config.endpoint_url = url;
  config.try_timeout = seconds{10};
  auto client = dynamo::DynamoClient::create(config, credentials, registry);
  if (!client) return std::fprintf(stderr, "%s\n", client.error().message.c_str()), 1;
  LeaseBench bench(**client, workers);
  bool good = bench.begin() && bench.measure_costs();
  for (unsigned round = 0; good && round < rounds; ++round) good = bench.measure_round(round, time);
  bench.end();
  return good ? 0 : 1;
}

}  // namespace
}  // namespace triggers::store

int main(int argc, char** argv) {
  if (argc != 5) return std::fprintf(stderr, "usage: %s URL SECONDS WORKERS ROUNDS\n", argv[0]), 2;
  return triggers::store::run(argv[1], std::chrono::seconds{std::atoi(argv[2])},
                              static_cast<std::size_t>(std::atoi(argv[3])), static_cast<unsigned>(std::atoi(argv[4])));
}

// Raw PutItem through the client, from one IO thread: the comparison for a node's POST /events (bench/dynamo.py). Run
// it as dynamo_put_bench URL SECONDS CONNECTIONS BYTES; it prints one line of JSON.

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/random.h"
#include "base/sync_wait.h"
#include "base/uuid7.h"
#include "dynamo/bench_loop.h"
#include "store/dynamo/client/client.h"

namespace triggers::store::dynamo {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

struct Counts {
  std::uint64_t puts = 0;
  std::uint64_t failures = 0;
};

/// One of those who put at the same time; all on the server's one loop, so that the counts need no lock.
Task<Counts> put_until(DynamoClient& client, std::string table, std::string value, steady_clock::time_point end) {
  const std::string before_key = R"({"TableName":")" + table + R"(","Item":{"pk":{"S":")";
  const std::string behind_key = R"("},"v":{"S":")" + value + R"("}}})";
  Counts counts;
  while (steady_clock::now() < end) {
    std::string body = before_key;
    body.append(std::to_string(random_u64())).append(behind_key);
    const auto deadline = steady_clock::now() + seconds(10);
    const auto done = co_await client.call(ApiCall::put_item, std::move(body), Repeat::safe, deadline);
    ++(done ? counts.puts : counts.failures);
  }
  co_return counts;
}

int run(const std::string& url, seconds time, std::size_t connections, std::size_t bytes) {
  aws::FixedCredentials credentials({"example", "secret", "", std::nullopt});
  metrics::Registry registry;
  DynamoConfig config;
  config.region = "eu-west-1";
  config.endpoint_url = url;
  config.connections_max = connections;
  config.try_timeout = seconds{10};
  auto client = DynamoClient::create(config, credentials, registry);
  if (!client) return std::fprintf(stderr, "%s\n", client.error().message.c_str()), 1;
  const std::string table = "put-bench-" + std::to_string(::getpid());
  const auto made = sync_wait((*client)->call(
      ApiCall::create_table,
      R"({"TableName":")" + table +
          R"(","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],)"
          R"("KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}]})",
      Repeat::once, steady_clock::now() + seconds{30}));
  if (!made) return std::fprintf(stderr, "%s\n", made.error().message.c_str()), 1;

  const std::string value(bytes, 'x');
  const auto start = steady_clock::now();
  auto loop = BenchLoop::create();
  if (!loop) return std::fprintf(stderr, "no port is free\n"), 1;
  std::uint64_t puts = 0, failures = 0;
  const bool ran = loop->run(connections, time + seconds{30}, [&]() -> Task<void> {
    const Counts counts = co_await put_until(**client, table, value, start + time);
    puts += counts.puts;
    failures += counts.failures;
  });
  const double took = std::chrono::duration<double>(steady_clock::now() - start).count();
  std::printf("{\"puts\":%llu,\"failures\":%llu,\"seconds\":%.3f,\"puts_per_second\":%.0f}\n",
              static_cast<unsigned long long>(puts), static_cast<unsigned long long>(failures), took,
              static_cast<double>(puts) / took);
  return ran && failures == 0 ? 0 : 1;
}

}  // namespace
}  // namespace triggers::store::dynamo

int main(int argc, char** argv) {
  if (argc != 5) return std::fprintf(stderr, "usage: %s URL SECONDS CONNECTIONS BYTES\n", argv[0]), 2;
  return triggers::store::dynamo::run(argv[1], std::chrono::seconds{std::atoi(argv[2])},
                                      static_cast<std::size_t>(std::atoi(argv[3])),
                                      static_cast<std::size_t>(std::atoi(argv[4])));
}

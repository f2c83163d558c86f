#include "store/dynamo/client/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "aws/sigv4.h"
#include "base/random.h"
#include "http/client/pool.h"
#include "http/wire/url.h"
#include "store/dynamo/client/answer.h"
#include "store/dynamo/client/client_probe.h"
#include "store/dynamo/client/retry_budget.h"

namespace triggers::store::dynamo {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds backoff_first{25};
constexpr milliseconds backoff_max{1'000};
constexpr std::size_t response_bytes_max = 32 * 1024 * 1024;

constexpr std::array<std::string_view, 15> names{"GetItem",
                                                 "PutItem",
                                                 "UpdateItem",
                                                 "DeleteItem",
                                                 "Query",
                                                 "Scan",
                                                 "BatchWriteItem",
                                                 "TransactWriteItems",
                                                 "CreateTable",
                                                 "DeleteTable",
                                                 "DescribeTable",
                                                 "UpdateTimeToLive",
                                                 "DescribeTimeToLive",
                                                 "UpdateContinuousBackups",
                                                 "DescribeContinuousBackups"};

/// A read leaves nothing behind, so its outcome is never in doubt.
bool reads(Operation operation) {
  switch (operation) {
    case Operation::get_item:
    case Operation::query:
    case Operation::scan:
    case Operation::describe_table:
    case Operation::describe_time_to_live:
    case Operation::describe_continuous_backups: return true;
    case Operation::put_item:
    case Operation::update_item:
    case Operation::delete_item:
    case Operation::batch_write_item:
    case Operation::transact_write_items:
    case Operation::create_table:
    case Operation::delete_table:
    case Operation::update_time_to_live:
    case Operation::update_continuous_backups: return false;
  }
  return false;
}

/// AWS's partition in China has a domain of its own.
std::string endpoint_of(std::string_view region) {
  return fmt::format("https://dynamodb.{}.amazonaws.com{}", region, region.starts_with("cn-") ? ".cn" : "");
}

bool met_another(const DynamoError& error) {
  return error.code == DynamoCode::transaction_cancelled && std::ranges::none_of(error.reasons, [](const auto& reason) {
           return reason.code == "ConditionalCheckFailed";
         });
}

/// Between nothing and the bound of this retry (0 is the first).
milliseconds jitter(unsigned retry) {
  const milliseconds bound = std::min(backoff_max, backoff_first * (1U << std::min(retry, 10U)));
  return milliseconds{random_u64() % static_cast<std::uint64_t>(bound.count() + 1)};
}

}  // namespace

std::string_view operation_name(Operation operation) noexcept { return names[static_cast<std::size_t>(operation)]; }

struct DynamoClient::Impl {
  Impl(const DynamoConfig& config, std::unique_ptr<http::ClientPool> connections, const http::Url& url,
       aws::CredentialSource& source, metrics::Registry& registry)
      : try_timeout(config.try_timeout),
        authority(url.authority()),
        path(url.path),
        pool(std::move(connections)),
        signer(config.region, "dynamodb"),
        credentials(source),
        probe(registry) {}

  Task<Result<DynamoReply, Failure>> attempt(Operation operation, const std::string& body, TimePoint deadline);
  /// False if the deadline is over then: the process may have stood still meanwhile.
  Task<bool> wait(milliseconds time, TimePoint deadline) {
    co_await pool->pause(time);
    co_return steady_clock::now() < deadline;
  }

  const milliseconds try_timeout;
  const std::string authority;
  const std::string path;
  const std::unique_ptr<http::ClientPool> pool;
  aws::Signer signer;
  aws::CredentialSource& credentials;
  ClientProbe probe;
  RetryBudget budget;
};

DynamoClient::DynamoClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
DynamoClient::~DynamoClient() = default;

Result<std::unique_ptr<DynamoClient>> DynamoClient::create(const DynamoConfig& config,
                                                           aws::CredentialSource& credentials,
                                                           metrics::Registry& registry) {
  if (config.region.empty()) return Error{ErrorCode::invalid_argument, "DynamoDB needs a region: set AWS_REGION"};
  const std::string endpoint = config.endpoint_url.empty() ? endpoint_of(config.region) : config.endpoint_url;
  const auto url = http::parse_url(endpoint);
  if (!url) return url.error();
  http::ClientPoolConfig connections;
  connections.server.host = url->host;
  connections.server.port = url->port;
  connections.tls = url->tls;
  connections.ca_file = config.ca_file;
  connections.connections_max = config.connections_max;
  connections.waiting_max = config.waiting_max;
  connections.response_bytes_max = response_bytes_max;
  auto pool = http::ClientPool::create(std::move(connections));
  if (!pool) return std::move(pool).error();
  auto impl = std::make_unique<Impl>(config, std::move(pool).value(), *url, credentials, registry);
  return std::unique_ptr<DynamoClient>(new DynamoClient(std::move(impl)));
}

Task<Result<DynamoReply, Failure>> DynamoClient::Impl::attempt(Operation operation, const std::string& body,
                                                               TimePoint deadline) {
  const auto signs = co_await credentials.get(deadline);
  if (!signs) {
    Failure failure;
    failure.retry = signs.error().code == ErrorCode::unavailable;
    failure.error.code = failure.retry ? DynamoCode::unavailable : DynamoCode::denied;
    failure.error.message = signs.error().message;
    co_return failure;
  }
  http::Request request{.method = http::Method::post, .target = path, .headers = {}, .body = body, .peer = {}};
  request.headers.add("Host", authority);
  request.headers.add("Content-Type", "application/x-amz-json-1.0");
  request.headers.add("X-Amz-Target", "DynamoDB_20120810." + std::string(operation_name(operation)));
  signer.sign(request, *signs, Clock::system().now());
  auto answer = co_await pool->fetch(std::move(request), deadline);
  if (!answer) co_return failure_of(answer.error());
  if (answer->status != 200) co_return failure_of(*answer);
  if (!intact(*answer)) {
    Failure failure;
    failure.error.message = "the answer was damaged on its way";
    failure.retry = true;
    failure.done = Failure::Done::unknown;
    co_return failure;
  }
  if (const double units = consumed_units(answer->body); units > 0) probe.consumed(operation, units);
  co_return DynamoReply{std::move(answer->body), false};
}

Task<Result<DynamoReply, DynamoError>> DynamoClient::call(Operation operation, std::string body, Repeat repeat,
                                                          TimePoint deadline) {
  const TimePoint since = steady_clock::now();
  bool repeated = false;
  for (unsigned tries = 0;; ++tries) {
    const TimePoint try_deadline = std::min(deadline, steady_clock::now() + impl_->try_timeout);
    auto outcome = co_await impl_->attempt(operation, body, try_deadline);
    if (outcome) {
      impl_->budget.succeeded();
      impl_->probe.ended(operation, std::nullopt, steady_clock::now() - since);
      outcome->repeated = repeated;
      co_return std::move(*outcome);
    }
    Failure failure = std::move(outcome).error();
    const bool unknown = failure.done == Failure::Done::unknown && !reads(operation);
    // DynamoDB is well: a refusal of the request itself says nothing about its load.
    const bool refused = !failure.retry && !unknown && failure.error.code != DynamoCode::overloaded;
    if (refused) impl_->budget.succeeded();
    const bool may = failure.retry && (!unknown || repeat == Repeat::safe);
    bool again = false;
    if (may) again = co_await wait_to_retry(tries, deadline);
    repeated = repeated || unknown;
    if (again) continue;
    failure.error.repeated = repeated;
    // What was not refused for good may have been done by this try, or by one before it: a transaction that met another
    // one may have met itself.
    if (repeated && (!refused || met_another(failure.error))) failure.error.code = DynamoCode::ambiguous;
    impl_->probe.ended(operation, failure.error.code, steady_clock::now() - since);
    co_return std::move(failure.error);
  }
}

Task<bool> DynamoClient::wait_to_retry(unsigned retry, TimePoint deadline) {
  const milliseconds wait = jitter(retry);
  if (steady_clock::now() + wait >= deadline) co_return false;
  if (!impl_->budget.take()) {
    impl_->probe.refused_retry();
    co_return false;
  }
  if (!co_await impl_->wait(wait, deadline)) co_return false;
  impl_->probe.retried();
  co_return true;
}

Task<bool> DynamoClient::pause(unsigned round, TimePoint deadline) {
  const milliseconds wait = jitter(round);
  if (steady_clock::now() + wait >= deadline) co_return false;
  co_return co_await impl_->wait(wait, deadline);
}

}  // namespace triggers::store::dynamo

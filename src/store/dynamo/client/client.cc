#include "store/dynamo/client/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "aws/sigv4.h"
#include "base/random.h"
#include "http/client/pool.h"
#include "http/wire/url.h"
#include "store/dynamo/client/client_probe.h"
#include "store/dynamo/client/failure.h"
#include "store/dynamo/client/response_body.h"
#include "store/dynamo/client/retry_budget.h"

namespace triggers::store::dynamo {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds backoff_first{25};
constexpr milliseconds backoff_max{1'000};
constexpr std::size_t response_bytes_max = 32 * 1024 * 1024;

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

  Task<Result<DynamoReply, Failure>> attempt(ApiCall api_call, const std::string& body, TimePoint deadline);
  /// False if the deadline is over then: the process may have been frozen meanwhile.
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

Task<Result<DynamoReply, Failure>> DynamoClient::Impl::attempt(ApiCall api_call, const std::string& body,
                                                               TimePoint deadline) {
  const auto signs = co_await credentials.get(deadline);
  if (!signs) {
    Failure failure;
    failure.retry = signs.error().code == ErrorCode::unavailable;
    failure.error.code = failure.retry ? DynamoCode::unavailable : DynamoCode::denied;
    failure.error.message = signs.error().message;
    co_return failure;
  }
  http::Request request{
      .method = http::Method::post, .target = path, .headers = {}, .body = body, .peer = {}, .ticket = {}};
  request.headers.add("Host", authority);
  request.headers.add("Content-Type", "application/x-amz-json-1.0");
  request.headers.add("X-Amz-Target", "DynamoDB_20120810." + std::string(name_of(api_call)));
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
  if (const double units = consumed_units(answer->body); units > 0) probe.consumed(api_call, units);
  co_return DynamoReply{std::move(answer->body), false};
}

Task<Result<DynamoReply, DynamoError>> DynamoClient::call(ApiCall api_call, std::string body, Repeat repeat,
                                                          TimePoint deadline) {
  const TimePoint since = steady_clock::now();
  bool repeated = false;
  for (unsigned tries = 0;; ++tries) {
    const TimePoint try_deadline = std::min(deadline, steady_clock::now() + impl_->try_timeout);
    auto outcome = co_await impl_->attempt(api_call, body, try_deadline);
    if (outcome) {
      impl_->budget.succeeded();
      impl_->probe.ended(api_call, std::nullopt, steady_clock::now() - since);
      outcome->repeated = repeated;
      co_return std::move(*outcome);
    }
    Failure failure = std::move(outcome).error();
    const bool unknown = failure.done == Failure::Done::unknown && !only_reads(api_call);
    // DynamoDB is well: that it refuses this request says nothing about its load.
    const bool refused = !failure.retry && !unknown && failure.error.code != DynamoCode::overloaded;
    if (refused) impl_->budget.succeeded();
    const bool may = failure.retry && (!unknown || repeat == Repeat::safe);
    bool again = false;
    if (may) again = co_await wait_to_retry(tries, deadline);
    repeated = repeated || unknown;
    if (again) continue;
    failure.error.repeated = repeated;
    // Unless DynamoDB refused the call for good, this attempt or an earlier one may have succeeded. A transaction in
    // conflict with another one may be in conflict with its own earlier attempt.
    if (repeated && (!refused || met_another(failure.error))) failure.error.code = DynamoCode::ambiguous;
    impl_->probe.ended(api_call, failure.error.code, steady_clock::now() - since);
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

Task<void> DynamoClient::sleep(milliseconds time) { return impl_->pool->pause(time); }

}  // namespace triggers::store::dynamo

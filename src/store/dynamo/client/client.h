#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "aws/credentials.h"
#include "base/result.h"
#include "base/task.h"
#include "metrics/metrics.h"
#include "store/dynamo/client/error.h"

namespace triggers::store::dynamo {

/// What DynamoDB is asked to do (API version 2012-08-10).
enum class Operation : std::uint8_t {
  get_item,
  put_item,
  update_item,
  delete_item,
  query,
  scan,
  batch_write_item,
  transact_write_items,
  create_table,
  delete_table,
  describe_table,
  update_time_to_live,
  describe_time_to_live,
  update_continuous_backups,
  describe_continuous_backups,
};

/// `PutItem`, …
[[nodiscard]] std::string_view operation_name(Operation operation) noexcept;

/// What may be done when it is not known whether a try was carried out (the answer did not come, or came broken).
enum class Repeat : std::uint8_t {
  /// Doing it twice has the effect of doing it once: reads; writes that set the same values; writes under a condition
  /// that the first one makes false (look at `repeated`); transactions with a ClientRequestToken. Is tried again.
  safe,
  /// It is not (ADD, a counter). Ends as `ambiguous`. Is still tried again where nothing can have been done: the
  /// request was not sent, or DynamoDB refused it.
  once,
};

struct DynamoConfig {
  std::string region;                 ///< AWS_REGION.
  std::string endpoint_url;           ///< `http://host:port` or `https://host`; empty: AWS's of the region.
  std::string ca_file;                ///< PEM, believed instead of the system's authorities; empty: the system's.
  std::size_t connections_max = 128;  ///< For each loop.
  std::size_t waiting_max = 10'000;   ///< Requests that wait for a connection, for each loop.
  std::chrono::milliseconds try_timeout{2'000};  ///< Of one try. The call's deadline is the caller's.
};

struct DynamoReply {
  std::string body;       ///< JSON, as DynamoDB sent it; its checksum was right.
  bool repeated = false;  ///< An earlier try of this call had an unknown outcome.
};

/// Calls DynamoDB, or what speaks its protocol. Any thread that is an Executor may call; a call resumes on it. On a
/// server's loop the connections are that loop's own, so nothing is handed between threads.
///
/// Throttling, 5xx and connections that break are tried again within the deadline, after a random time of up to 25 ms,
/// doubled for each try, at most 1 s ("full jitter"). Retries draw on a budget that successes refill (a tenth of a
/// retry each, 500 at most): when DynamoDB is sick, it gets about a tenth more requests, not several times as many.
class DynamoClient {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// `credentials` and `registry` outlive the client. Error: `invalid_argument` if the endpoint is not a URL, there is
  /// no region, or the CA file cannot be read.
  static Result<std::unique_ptr<DynamoClient>> create(const DynamoConfig& config, aws::CredentialSource& credentials,
                                                      metrics::Registry& registry);

  DynamoClient(const DynamoClient&) = delete;
  DynamoClient& operator=(const DynamoClient&) = delete;
  /// No call may be under way. Comes after the servers whose loops made calls.
  ~DynamoClient();

  /// `body` is the operation's JSON. Ends by `deadline`, whatever DynamoDB does; a second later at most if credentials
  /// must be fetched first, and then nothing is sent.
  Task<Result<DynamoReply, DynamoError>> call(Operation operation, std::string body, Repeat repeat, TimePoint deadline);

  /// Waits as before a retry, the first being 0, and takes it from the budget: for what is repeated in another form
  /// than it had. False: there is no budget, or no time until `deadline`.
  Task<bool> wait_to_retry(unsigned retry, TimePoint deadline);
  /// Waits as long without a budget. False: not before `deadline`.
  Task<bool> pause(unsigned round, TimePoint deadline);

 private:
  struct Impl;
  explicit DynamoClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace triggers::store::dynamo

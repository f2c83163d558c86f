#pragma once

// Sends a call over HTTP: region and endpoint, connections, signature, retries, deadline. It does not look into items:
// that is in caller.h and table.h.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "aws/credentials.h"
#include "base/result.h"
#include "base/task.h"
#include "metrics/metrics.h"
#include "store/dynamo/client/api_call.h"
#include "store/dynamo/client/error.h"

namespace triggers::store::dynamo {

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

/// Calls DynamoDB, or a database that speaks its protocol. Any thread that is an Executor may call; a call resumes on
/// it. On a server's loop the connections are that loop's own, so nothing is handed between threads.
///
/// Throttling, 5xx and connections that break are tried again within the deadline, after a random time of up to 25 ms,
/// doubled for each try, at most 1 s ("full jitter"). Retries draw on a budget that successes refill (a tenth of a
/// retry each, 500 at most): when DynamoDB fails, it gets about a tenth more requests, not several times as many.
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
  Task<Result<DynamoReply, DynamoError>> call(ApiCall api_call, std::string body, Repeat repeat, TimePoint deadline);

  /// Waits as before a retry (0 is the first) and uses the budget, for a request that is repeated in another form.
  /// False: the budget is empty, or the wait would pass `deadline`.
  Task<bool> wait_to_retry(unsigned retry, TimePoint deadline);
  /// The same without using the budget. False: the wait would pass `deadline`.
  Task<bool> pause(unsigned round, TimePoint deadline);
  /// Waits exactly so long.
  Task<void> sleep(std::chrono::milliseconds time);

 private:
  struct Impl;
  explicit DynamoClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace triggers::store::dynamo

#pragma once

// The interface Caller: one call to DynamoDB as JSON in and JSON out, and the wait before a retry (client_caller.cc;
// tests replace it). Also why a call failed (CallError), and the store's error for it (to_error()). The HTTP that
// Caller uses is in client.h; the operations on items that use Caller are in table.h.

#include <boost/json/object.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "store/dynamo/client/client.h"

namespace triggers::store::dynamo {

/// A write of a transaction whose condition failed.
struct FailedWrite {
  std::size_t index = 0;       ///< In the transaction.
  boost::json::object item{};  ///< What is there; empty if nothing is.
};

/// Why a call failed, classified by what the caller does next.
struct CallError {
  enum class Kind : std::uint8_t {
    condition_failed,  ///< Nothing was written; `item` is what is there, if it was asked for.
    contended,         ///< A transaction met another one. Nothing was written: ask again.
    overloaded,        ///< Too many calls of this node wait. Nothing was sent: retry after a moment.
    share_used,        ///< Too many calls of this tenant wait. Nothing was sent: wait for its responses.
    throttled,         ///< Until the deadline. Nothing was written: retry after a moment.
    too_large,         ///< The item is over 400 KB. Nothing was written.
    no_table,          ///< The table is missing, or (for reads and writes of items) still being made: an operator acts.
    table_busy,        ///< The table is being made, changed or removed, or is there already: wait.
    unavailable,       ///< DynamoDB could not be asked, or refuses us. Nothing was written.
    unknown,           ///< A write may or may not have happened, or may still happen.
    not_offered,       ///< The endpoint does not have the operation.
    invalid,           ///< Our own mistake in the request.
  };
  Kind kind = Kind::invalid;
  std::string message;
  boost::json::object item{};
  std::vector<FailedWrite> failed{};  ///< condition_failed of a transaction: in its order.
};

using CallResult = Result<boost::json::object, CallError>;

/// Makes calls to DynamoDB and parses the responses. Any thread with an Executor; resumes on it. Tests replace this to
/// stand between the engine and DynamoDB.
class Caller {
 public:
  Caller() = default;
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;
  virtual ~Caller() = default;

  /// `within` limits the call with all its repetitions. A transaction's failed condition is `condition_failed` too.
  virtual Task<CallResult> call(ApiCall api_call, boost::json::object body, Repeat repeat,
                                std::chrono::milliseconds within) = 0;

  /// Waits before `retry` (0 is the first) of a step that call() does not repeat itself, with the client's jitter and
  /// from its budget. False: do not repeat it, or not `within` that time.
  virtual Task<bool> wait_to_retry(unsigned retry, std::chrono::milliseconds within) = 0;

  /// Waits as long without using the budget, for another writer to finish. False: there is no time left `within` the
  /// limit.
  virtual Task<bool> pause(unsigned round, std::chrono::milliseconds within) = 0;

  /// Waits exactly so long, for other nodes to learn of a change.
  virtual Task<void> sleep(std::chrono::milliseconds time) = 0;
};

/// A caller that uses `client`, which outlives it.
[[nodiscard]] std::unique_ptr<Caller> make_caller(DynamoClient& client);

/// The error as the store's contract names it.
[[nodiscard]] Error to_error(const CallError& error);

}  // namespace triggers::store::dynamo

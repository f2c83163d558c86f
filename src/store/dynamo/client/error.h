#pragma once

// Why a call failed, for the code that made it. Why a single attempt failed, which decides about a retry, is in
// failure.h.

#include <cstdint>
#include <string>
#include <vector>

namespace triggers::store::dynamo {

/// Why a call failed, classified by what the caller does next.
enum class DynamoCode : std::uint8_t {
  conditional_failed,     ///< The condition did not hold: an outcome, not a fault. See `item` and `repeated`.
  transaction_cancelled,  ///< Nothing of the transaction was done. See `reasons` and `repeated`.
  unknown_operation,      ///< The endpoint does not have the operation at all.
  validation,             ///< Our request is wrong; the same one fails again.
  too_large,              ///< An item over 400 KB, or a request over its limit; the same one fails again.
  missing_table,          ///< The table does not exist; an operator makes it.
  table_not_active,       ///< The table is being made, changed or deleted, or exists already; ask again in seconds.
  denied,                 ///< The credentials are missing, wrong, expired or do not allow this; an operator mends it.
  overloaded,             ///< Too many calls of this node wait: nothing was sent. Try again later, and less.
  throttled,              ///< Refused for load until the deadline: nothing was done. Try again later.
  unavailable,            ///< It could not be asked, or said that it failed: nothing was done. Try again later.
  ambiguous,              ///< The request may or may not have been carried out.
};

/// Why one item of a transaction was refused.
struct CancellationReason {
  std::string code;  ///< `None`, `ConditionalCheckFailed`, `TransactionConflict`, `ThrottlingError`, …
  std::string message;
  std::string item;  ///< JSON of the item that failed the condition, if it was asked for; or empty.
};

struct DynamoError {
  DynamoCode code = DynamoCode::unavailable;
  std::string message = {};  ///< For a person. Never a secret, never a payload.
  /// conditional_failed: JSON of the item as it was, in attribute values, if `ReturnValuesOnConditionCheckFailure`
  /// asked for it; or empty.
  std::string item = {};
  /// transaction_cancelled: one for each item of the request, in order.
  std::vector<CancellationReason> reasons = {};
  /// An earlier try of this call had an unknown outcome. So our own write may have made the condition false: compare
  /// `item` with what we wrote before concluding that another writer was first.
  bool repeated = false;
};

}  // namespace triggers::store::dynamo

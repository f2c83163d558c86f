#pragma once

// The list of DynamoDB calls that we make, with their names: which of them only read, and when a call may be repeated.
// Sending a call is in client.h.

#include <cstdint>
#include <string_view>

namespace triggers::store::dynamo {

/// The calls of DynamoDB's API that we make (version 2012-08-10).
enum class ApiCall : std::uint8_t {
  get_item,
  batch_get_item,
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
[[nodiscard]] std::string_view name_of(ApiCall call) noexcept;

/// True if the call changes nothing, so that its outcome is never in doubt.
[[nodiscard]] bool only_reads(ApiCall call) noexcept;

/// What to do when the outcome of an attempt is unknown, because its response was lost or damaged.
enum class Repeat : std::uint8_t {
  /// Repeats the call. For calls whose repetition has no further effect: reads; writes that set the same values; writes
  /// under a condition that the first write makes false (look at `repeated`); transactions with a ClientRequestToken.
  safe,
  /// Ends the call as `ambiguous`. For other calls (ADD, a counter). They are repeated only if nothing can have been
  /// done: the request was not sent, or DynamoDB refused it.
  once,
};

}  // namespace triggers::store::dynamo

#pragma once

// The rate buckets that all nodes share, as items. A node's own part of a bucket is in limit/shared_bucket.h.

#include <cstdint>
#include <functional>
#include <string>

#include "base/clock.h"
#include "limit/shared_bucket.h"
#include "store/dynamo/client/table.h"

namespace triggers::store::dynamo {

/// The buckets of keys that all nodes share: an item of the api-keys table for each key that has a limit, with the time
/// (ns) at which its bucket is full (`f`), as of limit::TokenBucket, by the wall clocks of the nodes, and a token of
/// the newest slice (`w`). A slice costs a read and a conditional write, and both again if another node wrote in
/// between. A time that no clock within 2 s of this one can have written is reported as such: see limit::SharedBucket.
/// Any thread.
class RateBudget {
 public:
  RateBudget(Table& table, const Clock& clock) : table_(table), clock_(clock) {}

  /// Takes `wanted` tokens of the key's bucket, or as many as there are; see limit::TakeSlice. Ends within
  /// Table::within_default, with all its calls.
  Task<Result<limit::Grant>> take(std::string key_id, std::uint32_t per_minute, std::function<std::uint32_t()> wanted);

 private:
  Table& table_;
  const Clock& clock_;
};

}  // namespace triggers::store::dynamo

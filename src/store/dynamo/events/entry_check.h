#pragma once

// The interface by which events/ asks what became of entries. A page of `default` of a managed tenant uses it.

#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "store/event_log.h"
#include "store/tenant.h"

namespace triggers::store::dynamo {

/// Looks at the records of one inbox. Any thread with an Executor.
class EntryCheck {
 public:
  EntryCheck() = default;
  EntryCheck(const EntryCheck&) = delete;
  EntryCheck& operator=(const EntryCheck&) = delete;
  virtual ~EntryCheck() = default;

  /// Which of the entries of different ids are undelivered now, in their order. An entry without a record is.
  virtual Task<Result<std::vector<bool>>> undelivered(std::vector<EventId> ids) = 0;
};

}  // namespace triggers::store::dynamo

#pragma once

// The interface by which events/ asks whether a tenant may store one more event. bounds/tenant_bounds.h implements it.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "base/result.h"
#include "base/task.h"
#include "store/storage_limits.h"
#include "store/tenant.h"

namespace triggers::store::dynamo {

/// Any thread with an Executor.
class Admission {
 public:
  Admission() = default;
  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;
  virtual ~Admission() = default;

  /// Room for one event, until it is destroyed.
  class Place {
   public:
    Place() = default;
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    virtual ~Place() = default;
    /// The event was stored. `count` counts its entries, at the moment when this place is given up for them.
    virtual void stored(const std::function<void()>& count) = 0;
  };
  struct Answer {
    std::optional<StorageLimit> refused_by{};
    std::unique_ptr<Place> place{};  ///< Null if it is refused.
  };
  /// `entries`: in how many inboxes it will be. Errors: those of a call to DynamoDB.
  virtual Task<Result<Answer>> admit(const Tenant& tenant, std::size_t entries, std::uint64_t bytes) = 0;
};

}  // namespace triggers::store::dynamo

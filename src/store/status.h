#pragma once

// What a store tells an operator about itself. The calls about events are in event_log.h and default_inbox.h.

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"

namespace triggers::store {

/// For an operator. Asking for it reads no stored data.
struct Health {
  bool writable = true;
  std::string problem;  ///< Why it is not writable.
};

struct Metrics {
  std::uint64_t unacknowledged = 0;  ///< Of all tenants.
  std::optional<UnixMillis> oldest_unacknowledged;
  std::uint64_t queue_depth = 0;  ///< Writes that wait for a commit; DynamoDB: calls in progress.
  std::uint64_t queue_bytes = 0;
  std::uint64_t exceptions = 0;  ///< Caught in the store's own threads: bugs, or memory that ran out.
};

/// What a store tells about itself. Every engine has it. Any thread may call.
class StoreStatus {
 public:
  StoreStatus() = default;
  StoreStatus(const StoreStatus&) = delete;
  StoreStatus& operator=(const StoreStatus&) = delete;
  virtual ~StoreStatus() = default;

  [[nodiscard]] virtual Health health() const = 0;
  [[nodiscard]] virtual Metrics metrics() const = 0;
  /// False while the free space of the store's disk is below its reserve: new events would be refused. Cheap, because
  /// each request that makes the store grow asks for it. A store without a disk of its own always has room.
  [[nodiscard]] virtual bool has_room() const noexcept { return true; }
};

}  // namespace triggers::store

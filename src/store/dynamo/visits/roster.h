#pragma once

// The list of the tenants that the fleet visits, and who visits which. What a visit does is in tenant_visit.h.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "event/event.h"
#include "store/dynamo/client/table.h"
#include "store/tenant.h"

namespace triggers::store::dynamo {

using event::EventId;

/// How far the walk through a tenant's log is; see log_upkeep.h.
struct LogPlace {
  unsigned part = 0;
  EventId after{};
  UnixMillis begun_at{};  ///< The walk through all parts.
  bool operator==(const LogPlace&) const = default;
};

/// A managed tenant in the list.
struct VisitItem {
  Tenant tenant{};
  UnixMillis next{};  ///< Nobody visits it before.
  LogPlace log{};
};

/// Items with `n`, the time of the next visit, and `p`, `q`, `b`, the place in the log. The transaction that makes a
/// tenant managed puts one. A visit is claimed by a conditional update of `n`, to when the claim ends; so one node
/// visits a tenant at a time, and another one when that node has died. Through a table. Any thread.
class Roster {
 public:
  explicit Roster(Table& table) : table_(table) {}

  struct Part {
    std::vector<VisitItem> tenants{};
    bool more = false;
  };
  /// The tenants of one of layout::visit_partitions, by name, after `after`.
  Task<Result<Part>> read(unsigned partition, const std::string& after, std::size_t limit);

  /// Until `until`. Nothing: another node was faster, or the next visit is not the one that was read.
  Task<Result<std::optional<VisitItem>>> claim(const VisitItem& seen, UnixMillis until);
  /// Ends the visit that was claimed. Nothing happens if it was put forward meanwhile, or if the claim had ended.
  Task<Status> release(const VisitItem& claimed, UnixMillis next, LogPlace log);
  /// The next visit may begin at once.
  Task<Status> put_forward(const Tenant& tenant);

 private:
  Table& table_;
};

}  // namespace triggers::store::dynamo

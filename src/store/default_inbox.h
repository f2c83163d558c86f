#pragma once

// The contract of reading and acknowledging events. Its pages are in page.h; how an event gets in is in event_log.h.

#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "store/page.h"
#include "store/tenant.h"

namespace triggers::store {

enum class AckStatus {
  acknowledged,          ///< By this call.
  already_acknowledged,  ///< Before.
  not_found,             ///< The tenant has no such event.
};

/// A tenant's inbox `default`: its events that were not acknowledged yet. Every engine keeps this contract
/// (tests/contract/):
///
/// - An event that EventLog has accepted is in its tenant's inbox until it is acknowledged.
/// - Pages that follow each other, in either order, repeat no event. They skip none that was accepted before the first
///   of them was asked for.
/// - A tenant sees nothing of another tenant.
///
/// Threads and errors are those of EventLog.
class DefaultInbox {
 public:
  DefaultInbox() = default;
  DefaultInbox(const DefaultInbox&) = delete;
  DefaultInbox& operator=(const DefaultInbox&) = delete;
  virtual ~DefaultInbox() = default;

  /// `invalid_argument` if `query.after` is no continuation of this engine and order.
  virtual Task<Result<Page>> page(const Tenant& tenant, PageQuery query) = 0;
  /// One status for each id, in order. At most 500.
  virtual Task<Result<std::vector<AckStatus>>> acknowledge(const Tenant& tenant, std::vector<EventId> ids) = 0;
};

}  // namespace triggers::store

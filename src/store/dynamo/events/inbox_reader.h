#pragma once

// Reads one page of an inbox with the inbox's count, within the limits of a page (PageBounds). Merging the shards is in
// shard_scan.h, the position between pages in inbox_position.h.

#include <chrono>

#include "store/dynamo/events/counts.h"
#include "store/dynamo/events/inbox_position.h"
#include "store/dynamo/events/shard_scan.h"
#include "store/dynamo/events/shards.h"
#include "store/dynamo/events/timing.h"
#include "store/page.h"

namespace triggers::store::dynamo {

/// What one page may cost. Past a limit the page ends early, with a continuation.
struct PageBounds {
  std::size_t bytes_max = 8 * 1024 * 1024;         ///< Of payloads and metadata; one larger event goes alone.
  std::chrono::milliseconds filter_time_max{200};  ///< For skipping events of other types.
  /// Returned events that a continuation lists. Once it lists so many, pages are empty until the oldest are settled.
  std::size_t returned_max = 500;
};

/// Reads pages of an inbox: one for each object. Any thread.
class InboxReader {
 public:
  InboxReader(Table& table, Shards& shards, Counts& counts, const Clock& clock, Timing timing, PageBounds bounds)
      : table_(table), shards_(shards), counts_(counts), clock_(clock), timing_(timing), bounds_(bounds) {}

  /// `managed`: nothing for a plain tenant.
  Task<Result<Page>> page(const Tenant& tenant, const PageQuery& query, std::optional<ManagedScan> managed = {});

 private:
  Task<Status> collect(const Tenant& tenant, const PageQuery& query, unsigned shards, Page& page);
  Task<Status> collect_oldest_first(const Tenant& tenant, const PageQuery& query, unsigned shards, Page& page);
  /// An event that becomes visible while a reader goes back is newer than its first page, or may be on a later one. So
  /// the position is just an id, settled or not.
  Task<Status> collect_newest_first(const Tenant& tenant, const PageQuery& query, unsigned shards, Page& page);
  /// The page has no room for another event of this size.
  [[nodiscard]] bool full(const PageQuery& query, const Page& page, std::size_t bytes, std::size_t event_bytes) const {
    return page.events.size() == query.limit || (!page.events.empty() && bytes + event_bytes > bounds_.bytes_max);
  }

  Table& table_;
  Shards& shards_;
  Counts& counts_;
  const Clock& clock_;
  const Timing timing_;
  const PageBounds bounds_;
  std::optional<ManagedScan> managed_;
};

}  // namespace triggers::store::dynamo

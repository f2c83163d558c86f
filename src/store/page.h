#pragma once

// A page of an inbox, and the request for it. The calls are in default_inbox.h; where a page ended is in
// continuation.h.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/fair_budget.h"
#include "base/result.h"
#include "store/continuation.h"
#include "store/event_log.h"
#include "store/inbox_name.h"

namespace triggers::store {

enum class PageOrder : std::uint8_t { oldest_first, newest_first };

struct PageQuery {
  std::string inbox{default_inbox};
  PageOrder order = PageOrder::oldest_first;
  /// Page::next_after of the page before, in the same order. Empty: the page starts with the oldest event, or the
  /// newest.
  std::optional<Continuation> after{};
  std::size_t limit = 50;                   ///< 1 to 200.
  std::optional<std::string> event_type{};  ///< Only this type.
  /// The page's memory counts in this budget until the page is destroyed. Without room the error is `overloaded`. The
  /// budget outlives the page. nullptr: no limit.
  FairBudget* memory = nullptr;
};

struct Page {
  std::vector<StoredEvent> events;  ///< In the query's order.
  /// Where the next page starts: now if `has_more`, otherwise once there are newer events. With a filter it may lie
  /// behind the last event of this page. Empty if the query had none, the page is empty, and `has_more` is false.
  std::optional<Continuation> next_after;
  /// More events may follow. A page may be short or empty and still have more: the search for an event type reached its
  /// time limit, or (DynamoDB) the newest events are more than a continuation can list.
  bool has_more = false;
  /// Of the whole inbox, whatever the filter. Exact on one node; for DynamoDB see docs/storage-format.md.
  std::uint64_t total_unacknowledged = 0;
  FairBudget::Share memory;  ///< Of PageQuery::memory.
};

inline Error no_memory_for_page() { return {ErrorCode::overloaded, "pages take too much memory together"}; }

}  // namespace triggers::store

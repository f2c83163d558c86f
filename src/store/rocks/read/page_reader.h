#pragma once

// Reads one page of an inbox within limits, and finds an inbox's head, which it raises. Stepping over acknowledged
// entries is in inbox/pending_scan.h; the threads for it are in reader_pool.h.

#include <chrono>
#include <functional>

#include "base/result.h"
#include "store/page.h"
#include "store/rocks/database/database.h"
#include "store/rocks/inbox/inbox_state.h"

namespace rocksdb {
struct ReadOptions;
}

namespace triggers::store {

/// What one page may cost. Past a limit the page ends early, with a cursor to continue from.
struct PageLimits {
  std::size_t bytes_max = 8 * 1024 * 1024;        ///< Of payloads and metadata; one larger event goes alone.
  std::chrono::milliseconds filter_time_max{20};  ///< For skipping events of other types.
  std::size_t removed_max = 20'000;               ///< Marks of acknowledged entries that RocksDB has not removed yet.
};

/// Reads more about the events of a page, in the snapshot of the page, which `options` has.
using ReadAlso = std::function<Status(const rocksdb::ReadOptions& options, const Page& page)>;

/// Reads one page, and then `also` if it is not empty. Blocks on the disk: for the reader threads.
Result<Page> read_page(Database& database, InboxState& inbox, const PageQuery& query, const PageLimits& limits,
                       const ReadAlso& also = {});

/// Finds the oldest pending event and raises the inbox's head to it. Nothing if none is pending.
/// Blocks on the disk.
Result<std::optional<EventId>> find_head(Database& database, InboxState& inbox);

/// An id behind which nothing is pending: mostly that of the newest pending event. Nothing if none is pending. Blocks
/// on the disk.
Result<std::optional<EventId>> find_end(Database& database, const InboxState& inbox);

/// The oldest available entry of the inbox, of which `view` is known. Nothing if none is available. Blocks on the disk,
/// unless an entry that was leased before is the oldest.
Result<std::optional<EventId>> find_oldest_available(Database& database, const InboxState& inbox,
                                                     const InboxState::View& view);

}  // namespace triggers::store

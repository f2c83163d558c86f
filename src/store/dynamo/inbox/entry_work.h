#pragma once

// What an operation on an inbox works with: the inbox, its items, and what the node knows of it.

#include <chrono>
#include <functional>
#include <memory>

#include "store/dynamo/events/shards.h"
#include "store/dynamo/inbox/due_entries.h"
#include "store/dynamo/inbox/entry_counts.h"
#include "store/dynamo/inbox/entry_lists.h"
#include "store/dynamo/inbox/entry_records.h"
#include "store/dynamo/inbox/entry_writer.h"
#include "store/dynamo/inbox/inbox_place.h"
#include "store/dynamo/inbox/inbox_state.h"
#include "store/dynamo/inbox/reminders.h"
#include "store/dynamo/inbox/tracked_room.h"
#include "store/inbox_entries.h"
#include "store/page.h"

namespace triggers::store::dynamo {

/// Limits of the inboxes on a node. They must be the same on all nodes where they protect a whole inbox.
struct InboxNodeConfig {
  std::chrono::hours event_ttl{24 * 30};
  std::chrono::milliseconds settled_after{5'000};  ///< As Timing::settled_after.
  std::size_t leased_max = leased_max_default;     ///< For each inbox. Leases that race may pass it a little.
  std::size_t waiters_max = Waiters::waiters_max_default;
  /// So late may an entry be leased, or wake a reader, that another node has accepted, or has made available.
  std::chrono::milliseconds look_every{500};
  std::size_t page_bytes_max = 8 * 1024 * 1024;  ///< Of payloads and metadata; one larger event goes alone.
  std::chrono::milliseconds page_time_max{200};  ///< For passing entries that a page does not show.
  std::size_t page_returned_max = 500;           ///< As PageBounds::returned_max.
  std::size_t states_max = 10'000;               ///< Inboxes that a node remembers; without readers and news.
  DueBounds due{};
  std::function<void(const LeaseStats&)> on_leases{};  ///< What happens to entries, for the metrics. On any thread.
};

/// One operation on one inbox. The others outlive it.
struct EntryWork {
  EntryWork(Table& calls, const InboxPlace& at, std::shared_ptr<InboxState> known, Shards& all_shards,
            EntryCounts& all_counts, TrackedRoom* room, const Clock& its_clock, const InboxNodeConfig& its_config,
            UnixMillis time)
      : table(calls),
        place(at),
        state(std::move(known)),
        shards(all_shards),
        counts(all_counts),
        tracked_room(room),
        clock(its_clock),
        config(its_config),
        now(time),
        records(calls, place, clock, config.event_ttl),
        lists(calls, place, clock),
        writer(records, lists, counts, place),
        reminders(calls, place),
        due(records, lists, writer, reminders, place) {}
  EntryWork(const EntryWork&) = delete;
  EntryWork& operator=(const EntryWork&) = delete;

  /// How many entries this work has made available.
  [[nodiscard]] std::size_t became_available() const noexcept { return writer.became_available(); }

  Table& table;
  const InboxPlace& place;
  const std::shared_ptr<InboxState> state;
  Shards& shards;
  EntryCounts& counts;
  TrackedRoom* const tracked_room;  ///< Null: no limit.
  const Clock& clock;
  const InboxNodeConfig& config;
  const UnixMillis now;  ///< By which leases and delays go.
  EntryRecords records;
  EntryLists lists;
  EntryWriter writer;
  Reminders reminders;
  DueEntries due;
};

/// Reads how far others have leased, if that is due.
Task<Status> read_front(EntryWork& work);
/// Ends what is due, together with others that do so on this node at the same time. One query if nothing is.
Task<Status> end_due(EntryWork& work);

}  // namespace triggers::store::dynamo

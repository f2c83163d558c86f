#pragma once

// One write on its way through the queue and the committer, with its result. The queue is in commit_queue.h; how a
// write is carried out is in group_commit.h. What consumers ask for is in entry_operation.h.

#include <algorithm>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/executor.h"
#include "base/result.h"
#include "store/content.h"
#include "store/event_log.h"
#include "store/rocks/commit/entry_operation.h"
#include "store/rocks/commit/inbox_operation.h"
#include "store/rocks/commit/job_operation.h"
#include "store/rocks/commit/routed.h"

namespace rocksdb {
class WriteBatch;
}

namespace triggers::store {

/// The bytes of an event besides its text: keys, counters, bookkeeping.
inline constexpr std::size_t event_overhead_bytes = 256;

[[nodiscard]] inline std::size_t append_bytes(const IncomingEvent& event) noexcept {
  return event_overhead_bytes + event.event_type.size() + event.payload.size() + event.metadata.size();
}

/// What an operation on entries counts against the queue's limit.
[[nodiscard]] inline std::size_t entries_bytes(const EntryOperation& entry) noexcept {
  return event_overhead_bytes + entry.size() * entry_record_bytes;
}

/// Something is needed that is too much work for a commit: a digest, to tell whether an event is a duplicate, or the
/// inboxes that take an event. The committer stops the operation there. Its waiter does the work and submits it again.
struct Undecided {
  std::optional<EventId> against;  ///< The stored event whose digest is wanted beside that of the incoming one.
  bool unrouted = false;           ///< The tenant's inboxes are not those by which the events were routed.
};

/// The digests that were computed for an undecided operation.
struct MadeDigests {
  std::size_t begin = 0;
  std::vector<ContentDigest> of_events;  ///< From `begin` on.
  struct Stored {
    EventId id;
    ContentDigest digest;
  };
  std::optional<Stored> of_stored;
};

/// A write that waits for the committer. It lives in the frame of the coroutine that waits for it.
///
/// Its elements (events, or ids) may be committed in several parts, one after the other.
struct Operation {
  enum class Kind : std::uint8_t {
    append,    ///< `events` to `appended`.
    entries,   ///< `entry` is the request and the answer, as in the last three.
    change,    ///< `change` fills the batch by itself; commits alone.
    settings,  ///< `settings`
    leave,     ///< `leave`
    sweep,     ///< `sweep`
    job,       ///< `job`
  };

  Kind kind = Kind::append;
  const Tenant* tenant = nullptr;
  std::span<const IncomingEvent> events;
  std::span<Result<Appended>> appended;  ///< Each event is accepted or not by itself.
  EntryOperation* entry = nullptr;
  std::function<Status(rocksdb::WriteBatch&)> change;
  SettingsOperation* settings = nullptr;
  LeaveOperation* leave = nullptr;
  SweepOperation* sweep = nullptr;
  JobOperation* job = nullptr;
  std::size_t bytes = 0;  ///< What it counts against the queue's limit.

  /// If set, nothing was done (after a failed sync the outcome is unknown), and `appended` is meaningless. Earlier
  /// parts of `entry` may have been done.
  std::optional<Error> error;

  /// The elements before `part_begin` have their results; those before `part_end` are in the current commit.
  std::size_t part_begin = 0, part_end = 0;
  bool cut_off =
      false;  ///< A commit failed. Elements without a result have its error in `appended`, or are not leased.
  std::optional<Undecided> undecided;    ///< The event at `part_begin`. What follows it has not been looked at.
  std::unique_ptr<MadeDigests> digests;  ///< Few operations have any.
  std::unique_ptr<Routed> routed;        ///< Null: all events come into `default` alone.
  std::size_t other_elements = 0;        ///< Elements that are neither events nor ids.

  std::coroutine_handle<> waiter;
  Executor* executor = nullptr;

  /// How many elements it has; at least 1.
  [[nodiscard]] std::size_t size() const noexcept {
    if (entry != nullptr) return entry->size();
    return std::max<std::size_t>({events.size(), other_elements, 1});
  }
  /// About what an element takes in a commit.
  [[nodiscard]] std::size_t bytes_of(std::size_t element) const noexcept {
    if (events.size() > 1) return append_bytes(events[element]) + entries_bytes(element);
    return bytes / size();
  }
  /// About what the entries of an event take besides the first.
  [[nodiscard]] std::size_t entries_bytes(std::size_t event) const noexcept {
    return routed ? routed->takers_of(event).count() * (event_overhead_bytes + events[event].event_type.size()) : 0;
  }
  /// Of an event; null if it was not made.
  [[nodiscard]] const ContentDigest* digest_of(std::size_t event) const noexcept {
    // An event before them wraps around.
    if (!digests || event - digests->begin >= digests->of_events.size()) return nullptr;
    return &digests->of_events[event - digests->begin];
  }
  /// True if the committer has nothing more to do for it.
  [[nodiscard]] bool ended() const noexcept {
    return error || undecided || cut_off || part_end == size() || (entry != nullptr && entry->ended()) ||
           (job != nullptr && (job->gone || job->held_up));
  }
};

}  // namespace triggers::store

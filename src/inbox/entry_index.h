#pragma once

// The entries of one inbox in memory, for the embedded engine. The rules of an entry are in transitions.h.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "inbox/entry.h"
#include "inbox/settings.h"
#include "inbox/slot_table.h"
#include "inbox/transitions.h"

namespace triggers::inbox {

/// What the index stores of an entry: its record without the text of the last error and, if leased, without `since`,
/// which no operation needs.
struct IndexedEntry {
  Entry entry;
  bool failed = false;  ///< The record has a last error. Read the record before writing it again, to keep the error.
  bool operator==(const IndexedEntry&) const = default;
};

/// An entry that was leased just now.
struct LeasedEntry {
  EventId id;
  Entry entry;
  bool failed = false;  ///< As in IndexedEntry.
};

/// A change of an entry that came with time.
struct Ended {
  enum class What : std::uint8_t {
    available,  ///< A lease or delay ended. Nothing to store: the stored record has the end.
    died,       ///< The attempts are used up. Store the result of settle(record, `since`).
  };
  EventId id;
  What what = What::available;
  bool was_leased = false;
  UnixMillis since{};  ///< When the new state began.
  bool operator==(const Ended&) const = default;
};

/// The entries of one inbox in memory, for an engine that is the only writer of the inbox. *Fresh* entries, which were
/// never leased, are only counted: they are the pending entries behind fresh_after(). All others have a slot here:
/// those that are leased, delayed or dead, and available ones that came back.
///
/// The cost of an operation does not depend on how many entries are leased, delayed or dead in front: it is O(log n)
/// for each entry that the operation returns. A slot takes about 64 bytes.
///
/// One thread: all calls come from the thread that writes the inbox (embedded: the committer's). It publishes the
/// counts when the change is durable. No I/O and no clock: time is passed in.
///
/// A call that runs out of memory may have done a part. An engine that goes on after that, or after a failed write,
/// opens a journal first: see begin().
class EntryIndex {
 public:
  explicit EntryIndex(const Rules& rules) : rules_(rules) {}
  EntryIndex(const EntryIndex&) = delete;
  EntryIndex& operator=(const EntryIndex&) = delete;

  // After startup call restore() for each record with an entry, in any order (by id is fastest). Then call restored().
  // Both may find that what was stored is damaged: `unavailable`. Then drop the index; a backup must be restored.

  [[nodiscard]] Status restore(const EventId& id, const Entry& entry, UnixMillis now);

  /// What the engine stores of the inbox beside the records.
  struct Stored {
    std::uint64_t undelivered = 0;  ///< Entries that are not dead.
    std::uint64_t dead = 0;
    /// fresh_after(). An engine that does not store it passes {}; the next lease then also reads past entries that have
    /// left.
    EventId fresh_after{};
  };
  [[nodiscard]] Status restored(const Stored& stored);

  // A batch of changes that may fail. Between begin() and keep() the index can be put back to each mark.

  /// The index at one moment, while the journal is open.
  class Mark {
    friend class EntryIndex;
    std::size_t changes = 0;
    Rules rules{};
    EventId fresh_after{};
    std::uint64_t fresh = 0;
  };

  /// Opens the journal. The mark is the index as it is now.
  Mark begin() noexcept;
  [[nodiscard]] Mark mark() const noexcept;
  /// Undoes every change since `mark`: it needs no memory and never fails. Marks that are later than this one are lost.
  /// The journal stays open.
  void rollback(const Mark& mark) noexcept;
  /// Closes the journal: what is not undone stays. Frees the memory that was kept for rollback(), which is 56 bytes for
  /// each change and what left entries had used.
  void keep() noexcept;

  /// Adds an entry, new or replayed, that is not in the inbox. True if its id is not behind fresh_after(): then the
  /// engine must store the record of an available entry with 0 attempts, or a restart would not find the entry.
  [[nodiscard]] bool accept(const EventId& id);

  /// Pending entries with a greater id and no slot are fresh. Every other entry has a slot.
  [[nodiscard]] const EventId& fresh_after() const noexcept { return fresh_after_; }
  /// The engine has found that no fresh entry has an id before `id`; `id` itself may be one. So the next lease need not
  /// read again over what has left.
  void skip_to(const EventId& id) noexcept;

  /// Nothing if the entry is fresh or not in the inbox.
  [[nodiscard]] std::optional<IndexedEntry> find(const EventId& id) const;
  /// Replaces an entry after a transition. It must have a slot.
  void update(const EventId& id, const Entry& entry);
  /// Removes an entry, with a slot or fresh, that left the inbox.
  void remove(const EventId& id);

  /// Leases up to `limit` available entries, oldest first: those that came back, then `fresh`. The engine has read
  /// `fresh` behind fresh_after(), in order and without a gap. Call advance() first, until nothing is due.
  [[nodiscard]] std::vector<LeasedEntry> lease(std::span<const EventId> fresh, std::size_t limit, const LeaseId& lease,
                                               std::chrono::seconds duration, UnixMillis now);

  /// The entries that the lease still holds, oldest first.
  [[nodiscard]] std::vector<EventId> held_by(const LeaseId& lease) const;

  /// At most `limit` entries in one state with a slot and an id greater than `after`, oldest first. Fresh entries,
  /// which are available too, are not among them: all have greater ids.
  [[nodiscard]] std::vector<EventId> page(EntryState state, const std::optional<EventId>& after,
                                          std::size_t limit) const;

  /// Applies what is due at `now`: leases and delays end, in the order of their ends; then entries die whose attempts
  /// are used up because the limit was lowered. At most `limit`; next_due() tells if more is due. `now` must not go
  /// back.
  [[nodiscard]] std::vector<Ended> advance(UnixMillis now, std::size_t limit);

  /// When advance() has something to do next. Time 0 means at once, because the limit was lowered.
  [[nodiscard]] std::optional<UnixMillis> next_due() const;

  /// Removes dead entries whose retention has passed, the longest dead first, at most `limit`. Delete their records'
  /// entries. This is for good, so `retention_now` comes from a clock that does not believe a jump at once; advance()
  /// needs a clock that does. The retention of undelivered entries is the engine's: the first pending entry is the
  /// oldest.
  [[nodiscard]] std::vector<EventId> expire_dead(UnixMillis retention_now, std::size_t limit);

  /// When expire_dead() has something to do next.
  [[nodiscard]] std::optional<UnixMillis> next_expiry() const;

  struct Ending {
    EventId id;
    UnixMillis at{};
    bool operator==(const Ending&) const = default;
  };
  /// The lease or delay that ends next: its entry becomes available then, unless its attempts are used up.
  [[nodiscard]] std::optional<Ending> next_ending() const;

  /// Takes effect at once, except for a lowered limit, which takes effect with the next advance().
  void set_rules(const Rules& rules) noexcept { rules_ = rules; }
  [[nodiscard]] const Rules& rules() const noexcept { return rules_; }

  /// How many entries are fresh. They are available.
  [[nodiscard]] std::uint64_t fresh() const noexcept { return fresh_; }
  /// Exact, as of the last advance().
  [[nodiscard]] Counts counts() const noexcept;

 private:
  void insert(const EventId& id, const Entry& entry);
  [[nodiscard]] UnixMillis at(Handle handle) const noexcept;
  [[nodiscard]] bool attempts_used_up() const;
  [[nodiscard]] std::optional<Ended> end_one(UnixMillis now);

  Rules rules_;
  SlotTable slots_;
  EventId fresh_after_{};
  std::uint64_t fresh_ = 0;
};

}  // namespace triggers::inbox

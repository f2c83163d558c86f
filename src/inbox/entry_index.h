#pragma once

#include <array>
#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "inbox/entry.h"
#include "inbox/settings.h"
#include "inbox/slot_heap.h"
#include "inbox/slot_order.h"
#include "inbox/slot_pool.h"
#include "inbox/transitions.h"

namespace triggers::inbox {

/// What the index knows of an entry: all of its record but the text of the last error and, when leased, `since`, which
/// no operation looks at.
struct IndexedEntry {
  Entry entry;
  bool failed = false;  ///< The record has a last error: read it before the record is written again.
  bool operator==(const IndexedEntry&) const = default;
};

/// An entry as it was leased.
struct LeasedEntry {
  EventId id;
  Entry entry;
  bool failed = false;  ///< As in IndexedEntry.
};

/// What time did to an entry.
struct Ended {
  enum class What : std::uint8_t {
    available,  ///< A lease or delay ended. Nothing to store: the record says until when it lasted.
    died,       ///< The attempts are used up. Store what settle() makes of the record at `since`.
    expired,    ///< A dead entry was kept for its time: it left the inbox. Delete its record's entry.
  };
  EventId id;
  What what = What::available;
  bool was_leased = false;
  UnixMillis since{};  ///< available, died: the time of it.
  bool operator==(const Ended&) const = default;
};

/// The entries of one inbox that are not simply waiting for their first lease, in memory, for an engine that is the
/// only writer of the inbox. What was never leased is known by its number and by where it begins: *fresh* entries are
/// those behind fresh_after(). All others have a slot here: leased, delayed, dead, and available ones that came back.
///
/// No operation walks over what is hidden: each is O(log n), for each entry that it returns. A slot costs about 64
/// bytes.
///
/// Threads: one. All calls come from the thread that writes the inbox (embedded: the committer's); it publishes the
/// counts for others once the change is durable. After a write that failed, the index is ahead of the disk: drop it and
/// restore a new one. No I/O, no clock: time is passed in and does not go back.
class EntryIndex {
 public:
  explicit EntryIndex(const Rules& rules) : rules_(rules) {}
  EntryIndex(const EntryIndex&) = delete;
  EntryIndex& operator=(const EntryIndex&) = delete;

  // After a start: restore() for each record that has an entry, in any order (by id is quickest), then restored() once.

  void restore(const EventId& id, const Entry& entry, UnixMillis now);
  /// `undelivered`: all entries that are not dead, as the store has counted them. `fresh_after`: what the engine last
  /// stored of fresh_after(). An engine that never stores it gives {}; the next lease then reads over entries that
  /// left.
  void restored(std::uint64_t undelivered, const EventId& fresh_after);

  /// Counts an entry that comes into the inbox, new or replayed, and is not in it. True: it lies before fresh entries,
  /// so the engine must store the record of an available entry with 0 attempts; otherwise a restart would not find it.
  [[nodiscard]] bool accept(const EventId& id);

  /// Entries with a greater id and no slot are fresh; with a lesser id every entry has a slot.
  [[nodiscard]] const EventId& fresh_after() const noexcept { return fresh_after_; }

  /// Nothing if the entry is fresh or not in the inbox.
  [[nodiscard]] std::optional<IndexedEntry> find(const EventId& id) const;
  /// After a transition: the entry is now this. It must have a slot.
  void update(const EventId& id, const Entry& entry);
  /// The entry, with a slot or fresh, left the inbox.
  void remove(const EventId& id);

  /// Leases up to `limit` of what is available, oldest first: what came back, then `fresh`, which the engine has read
  /// behind fresh_after(), in order and without a gap. Call advance() first, until nothing is due.
  [[nodiscard]] std::vector<LeasedEntry> lease(std::span<const EventId> fresh, std::size_t limit, const LeaseId& lease,
                                               std::chrono::seconds duration, UnixMillis now);

  /// What the lease still holds, oldest first.
  [[nodiscard]] std::vector<EventId> held_by(const LeaseId& lease) const;

  /// Slots in one state behind `after`, oldest first, at most `limit`. Of available entries the fresh ones follow.
  [[nodiscard]] std::vector<EventId> page(EntryState state, const std::optional<EventId>& after,
                                          std::size_t limit) const;

  /// Ends what is over at `now`: leases and delays in the order of their ends, then entries whose attempts a lowered
  /// limit has used up, then dead entries that were kept long enough. At most `limit`; is more due, next_due() says so.
  [[nodiscard]] std::vector<Ended> advance(UnixMillis now, std::size_t limit);

  /// When advance() has something to do next; the clock's beginning: now, for the limit was lowered. Undelivered
  /// entries that get too old are not in it: the oldest of them is the first pending one.
  [[nodiscard]] std::optional<UnixMillis> next_due() const;

  struct Ending {
    EventId id;
    UnixMillis at{};
    bool operator==(const Ending&) const = default;
  };
  /// Which lease or delay ends next, and when: the next entry that time makes available, unless its attempts are used
  /// up.
  [[nodiscard]] std::optional<Ending> next_ending() const;

  /// Takes effect at once, but for lowered limits: those with the next advance().
  void set_rules(const Rules& rules) noexcept { rules_ = rules; }

  /// Exact, as of the last advance().
  [[nodiscard]] Counts counts() const noexcept;

 private:
  struct ById {
    const EventId& operator()(const Slot& slot) const noexcept { return slot.id; }
  };
  struct LeaseKey {
    LeaseId lease;
    EventId id;
    auto operator<=>(const LeaseKey&) const = default;
  };
  struct ByLease {
    LeaseKey operator()(const Slot& slot) const noexcept { return {slot.lease, slot.id}; }
  };
  struct Sooner {
    bool operator()(const Slot& a, const Slot& b) const noexcept {
      return a.at_ms != b.at_ms ? a.at_ms < b.at_ms : a.id < b.id;
    }
  };
  struct MoreAttempts {
    bool operator()(const Slot& a, const Slot& b) const noexcept {
      return a.attempts != b.attempts ? a.attempts > b.attempts : a.id < b.id;
    }
  };

  [[nodiscard]] std::optional<Handle> handle_of(const EventId& id) const;
  void write(Handle handle, const Entry& entry);
  void insert(const EventId& id, const Entry& entry);
  void release(Handle handle);
  /// In the orders and the heap of its state; out of them before the slot is changed.
  void link(Handle handle);
  void unlink(Handle handle);
  [[nodiscard]] IndexedEntry entry_of(const Slot& slot) const;
  [[nodiscard]] UnixMillis at(Handle handle) const noexcept;
  [[nodiscard]] bool attempts_used_up() const;
  [[nodiscard]] std::optional<Ended> end_one(UnixMillis now);

  using IdOrder = SlotOrder<ById>;
  IdOrder& in_state(EntryState state) noexcept { return states_[static_cast<std::size_t>(state)]; }
  const IdOrder& in_state(EntryState state) const noexcept { return states_[static_cast<std::size_t>(state)]; }

  Rules rules_;
  SlotPool pool_;
  std::array<IdOrder, 4> states_{IdOrder(pool_), IdOrder(pool_), IdOrder(pool_), IdOrder(pool_)};
  SlotOrder<ByLease> leases_{pool_};
  SlotHeap<Sooner> endings_{pool_};         ///< leased, delayed
  SlotHeap<Sooner> deaths_{pool_};          ///< dead
  SlotHeap<MoreAttempts> attempts_{pool_};  ///< available
  EventId fresh_after_{};
  std::uint64_t fresh_ = 0;
};

}  // namespace triggers::inbox

#pragma once

// The entries of one inbox in memory, for the embedded engine. The rules of an entry are in transitions.h.

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
    expired,    ///< The retention of a dead entry has passed, so it left the inbox. Delete the record's entry.
  };
  EventId id;
  What what = What::available;
  bool was_leased = false;
  UnixMillis since{};  ///< available, died: when the new state began.
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
/// counts when the change is durable. After a failed write the index is ahead of the disk, so drop it and restore a new
/// one. No I/O and no clock: time is passed in and must not go back.
class EntryIndex {
 public:
  explicit EntryIndex(const Rules& rules) : rules_(rules) {}
  EntryIndex(const EntryIndex&) = delete;
  EntryIndex& operator=(const EntryIndex&) = delete;

  // After startup call restore() for each record with an entry, in any order (by id is fastest). Then call restored().

  void restore(const EventId& id, const Entry& entry, UnixMillis now);
  /// `undelivered`: the store's count of entries that are not dead. `fresh_after`: fresh_after() as the engine last
  /// stored it. An engine that never stores it passes {}; the next lease then also reads past entries that have left.
  void restored(std::uint64_t undelivered, const EventId& fresh_after);

  /// Adds an entry, new or replayed, that is not in the inbox. True if its id is not behind fresh_after(): then the
  /// engine must store the record of an available entry with 0 attempts, or a restart would not find the entry.
  [[nodiscard]] bool accept(const EventId& id);

  /// Pending entries with a greater id and no slot are fresh. Every other entry has a slot.
  [[nodiscard]] const EventId& fresh_after() const noexcept { return fresh_after_; }

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
  /// are used up because the limit was lowered; then dead entries expire. At most `limit`; next_due() tells if more is
  /// due.
  [[nodiscard]] std::vector<Ended> advance(UnixMillis now, std::size_t limit);

  /// When advance() has something to do next. Time 0 means at once, because the limit was lowered. The retention of
  /// undelivered entries is not included: the first pending entry is the oldest.
  [[nodiscard]] std::optional<UnixMillis> next_due() const;

  struct Ending {
    EventId id;
    UnixMillis at{};
    bool operator==(const Ending&) const = default;
  };
  /// The lease or delay that ends next: its entry becomes available then, unless its attempts are used up.
  [[nodiscard]] std::optional<Ending> next_ending() const;

  /// Takes effect at once, except for a lowered limit, which takes effect with the next advance().
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

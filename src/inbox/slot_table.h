#pragma once

// A part of entry_index.h: its slots, what finds them, and how changes of them are undone.

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "inbox/entry.h"
#include "inbox/slot_heap.h"
#include "inbox/slot_order.h"
#include "inbox/slot_pool.h"

namespace triggers::inbox {

/// Slots in an order for each state, an order by lease, and a heap: of ends, of deaths, or of attempts. One thread.
///
/// After begin(), a journal has what each change replaced. rollback() undoes changes, the latest first, and needs no
/// memory for it: until keep(), removals keep their room, and so do undone additions. If memory runs out during a
/// change, the change has not happened.
class SlotTable {
 public:
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

  [[nodiscard]] const Slot& operator[](Handle handle) const noexcept { return pool_[handle]; }
  [[nodiscard]] std::optional<Handle> find(const EventId& id) const noexcept;

  [[nodiscard]] const SlotOrder<ById>& in_state(EntryState state) const noexcept {
    return states_[static_cast<std::size_t>(state)];
  }
  [[nodiscard]] const SlotOrder<ByLease>& leases() const noexcept { return leases_; }
  [[nodiscard]] const SlotHeap<Sooner>& endings() const noexcept { return endings_; }
  [[nodiscard]] const SlotHeap<Sooner>& deaths() const noexcept { return deaths_; }
  [[nodiscard]] const SlotHeap<MoreAttempts>& attempts() const noexcept { return attempts_; }

  /// No slot may have its id.
  void insert(const Slot& slot);
  /// `to` has the id that the slot has.
  void change(Handle handle, const Slot& to);
  void remove(Handle handle);

  void begin() noexcept;
  /// How many changes the journal has, also undone ones.
  [[nodiscard]] std::size_t mark() const noexcept;
  /// Undoes the changes since `mark`. The journal stays open.
  void rollback(std::size_t mark) noexcept;
  /// Closes the journal and frees the room that removals kept.
  void keep() noexcept;

 private:
  struct Change {
    enum class What : std::uint8_t { inserted, changed, removed };
    Slot slot;  ///< changed, removed: as it was. If the change is undone: what was put there and is gone.
    Handle handle;
    What what;
    bool undone = false;
    bool sparse = false;  ///< keep() looks for leaves to merge at the place of `slot`.
  };

  /// Makes room in the journal, if it is open, so that note() needs no memory.
  void prepare();
  void note(const Change& change) noexcept;
  void undo(Change& change) noexcept;
  /// Puts the slot into the orders and the heap of its state. If memory runs out, it is in none of them.
  void link(Handle handle);
  /// The same for a slot whose room was kept, so that it needs no memory.
  void link_again(Handle handle) noexcept { link(handle); }
  /// True if the orders are sparse where the slot was.
  [[nodiscard]] bool unlink(Handle handle) noexcept;
  void add_to_heap(Handle handle);
  void trim_orders(const Slot& slot) noexcept;
  void trim_heaps() noexcept;

  SlotPool pool_;
  std::array<SlotOrder<ById>, 4> states_{SlotOrder<ById>(pool_), SlotOrder<ById>(pool_), SlotOrder<ById>(pool_),
                                         SlotOrder<ById>(pool_)};
  SlotOrder<ByLease> leases_{pool_};
  SlotHeap<Sooner> endings_{pool_};         ///< leased, delayed
  SlotHeap<Sooner> deaths_{pool_};          ///< dead
  SlotHeap<MoreAttempts> attempts_{pool_};  ///< available
  std::vector<Change> journal_;
  bool is_open_ = false;
};

}  // namespace triggers::inbox

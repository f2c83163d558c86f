#include "inbox/slot_table.h"

#include <utility>

#include "base/invariant.h"

namespace triggers::inbox {
namespace {

/// A closed journal keeps the memory of so many changes (4 KiB), so that most batches need not allocate.
constexpr std::size_t kept_changes_max = 64;

EntryState state_of(const Slot& slot) noexcept { return static_cast<EntryState>(slot.state); }

}  // namespace

std::optional<Handle> SlotTable::find(const EventId& id) const noexcept {
  // The most frequent state first.
  for (const EntryState state : {EntryState::leased, EntryState::available, EntryState::dead, EntryState::delayed}) {
    if (const auto handle = in_state(state).find(id)) return handle;
  }
  return std::nullopt;
}

void SlotTable::insert(const Slot& slot) {
  prepare();
  const Handle handle = pool_.allocate();
  pool_[handle] = slot;
  try {
    link(handle);
  } catch (...) {
    pool_.release(handle);
    note({slot, handle, Change::What::inserted, true, true});
    throw;
  }
  note({slot, handle, Change::What::inserted});
}

void SlotTable::change(Handle handle, const Slot& to) {
  INVARIANT(pool_[handle].id == to.id, "slot %u is given to another entry", handle);
  prepare();
  const Slot before = pool_[handle];
  const bool sparse = unlink(handle);
  pool_[handle] = to;
  try {
    link(handle);
  } catch (...) {
    pool_[handle] = before;
    link_again(handle);
    note({to, handle, Change::What::changed, true, true});
    throw;
  }
  note({before, handle, Change::What::changed, false, sparse});
}

void SlotTable::remove(Handle handle) {
  prepare();
  const Slot before = pool_[handle];
  const bool sparse = unlink(handle);
  pool_.release(handle);
  note({before, handle, Change::What::removed, false, sparse});
}

void SlotTable::begin() noexcept {
  INVARIANT(!is_open_, "a journal begins before the last one is kept");
  is_open_ = true;
}

std::size_t SlotTable::mark() const noexcept {
  INVARIANT(is_open_, "a mark is set in a journal that has not begun");
  return journal_.size();
}

void SlotTable::rollback(std::size_t mark) noexcept {
  INVARIANT(is_open_ && mark <= journal_.size(), "changes are undone to %zu in a journal of %zu", mark,
            journal_.size());
  for (std::size_t i = journal_.size(); i-- > mark;) {
    if (!journal_[i].undone) undo(journal_[i]);
  }
}

void SlotTable::keep() noexcept {
  INVARIANT(is_open_, "a journal is kept that has not begun");
  is_open_ = false;
  for (const Change& change : journal_) {
    if (change.sparse) trim_orders(change.slot);
  }
  trim_heaps();
  pool_.trim();
  journal_.clear();
  if (journal_.capacity() > kept_changes_max) std::vector<Change>().swap(journal_);
}

void SlotTable::prepare() {
  if (!is_open_ || journal_.size() != journal_.capacity()) return;
  journal_.reserve(journal_.empty() ? kept_changes_max : 2 * journal_.size());
}

void SlotTable::note(const Change& change) noexcept {
  if (is_open_) {
    journal_.push_back(change);
    return;
  }
  if (change.sparse) trim_orders(change.slot);
  trim_heaps();
  pool_.trim();
}

void SlotTable::undo(Change& change) noexcept {
  const Handle handle = change.handle;
  if (change.what == Change::What::removed) {
    pool_.take_back(handle);
    pool_[handle] = change.slot;
    link_again(handle);
  } else {
    const Slot undone = pool_[handle];
    change.sparse |= unlink(handle);
    if (change.what == Change::What::inserted) {
      pool_.release(handle);
    } else {
      pool_[handle] = change.slot;
      link_again(handle);
    }
    change.slot = undone;
  }
  change.undone = true;
}

void SlotTable::link(Handle handle) {
  auto& state = states_[pool_[handle].state];
  state.add(handle);
  bool has_lease = false;
  try {
    if (state_of(pool_[handle]) == EntryState::leased) {
      leases_.add(handle);
      has_lease = true;
    }
    add_to_heap(handle);
  } catch (...) {
    (void)state.remove(handle);
    if (has_lease) (void)leases_.remove(handle);
    throw;
  }
}

bool SlotTable::unlink(Handle handle) noexcept {
  const EntryState state = state_of(pool_[handle]);
  bool sparse = states_[pool_[handle].state].remove(handle);
  switch (state) {
    case EntryState::available: attempts_.remove(handle); break;
    case EntryState::leased: sparse |= leases_.remove(handle); [[fallthrough]];
    case EntryState::delayed: endings_.remove(handle); break;
    case EntryState::dead: deaths_.remove(handle); break;
  }
  return sparse;
}

void SlotTable::add_to_heap(Handle handle) {
  switch (state_of(pool_[handle])) {
    case EntryState::available: attempts_.add(handle); return;
    case EntryState::leased:
    case EntryState::delayed: endings_.add(handle); return;
    case EntryState::dead: deaths_.add(handle); return;
  }
}

void SlotTable::trim_orders(const Slot& slot) noexcept {
  states_[slot.state].trim(slot.id);
  if (state_of(slot) == EntryState::leased) leases_.trim({slot.lease, slot.id});
}

void SlotTable::trim_heaps() noexcept {
  endings_.trim();
  deaths_.trim();
  attempts_.trim();
}

}  // namespace triggers::inbox

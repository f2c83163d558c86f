#pragma once

// A part of entry_index.h: what is due next.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "inbox/slot_pool.h"

namespace triggers::inbox {

/// A binary heap of slots that stores each slot's position, so that any slot can be removed. A slot is in at most one
/// heap. `Before` tells which of two slots is nearer to the top; the fields that it reads must not change while the
/// slot is in the heap. Adding a slot that belongs at the end takes one comparison; everything else is O(log n). One
/// thread.
template <class Before>
class SlotHeap {
 public:
  explicit SlotHeap(SlotPool& pool) noexcept : pool_(pool) {}

  [[nodiscard]] std::size_t size() const noexcept { return handles_.size(); }
  [[nodiscard]] std::optional<Handle> top() const {
    return handles_.empty() ? std::nullopt : std::optional(handles_.front());
  }

  /// If memory runs out, nothing has changed. Needs no memory if the heap was as large since the last trim().
  void add(Handle handle) {
    handles_.push_back(handle);
    rise(handles_.size() - 1, handle);
  }

  /// Keeps its room until trim().
  void remove(Handle handle) noexcept {
    const std::size_t hole = pool_[handle].heap_position;
    INVARIANT(hole < handles_.size() && handles_[hole] == handle, "slot %u is not at its place %zu of the heap", handle,
              hole);
    const Handle last = handles_.back();
    handles_.pop_back();
    if (last != handle && rise(hole, last) == hole) sink(hole, last);
  }

  /// Gives memory back if most of it is not used.
  void trim() noexcept {
    if (handles_.size() < handles_.capacity() / 4) handles_.shrink_to_fit();
  }

 private:
  void place(std::size_t position, Handle handle) noexcept {
    handles_[position] = handle;
    pool_[handle].heap_position = static_cast<std::uint32_t>(position);
  }

  std::size_t rise(std::size_t position, Handle handle) noexcept {
    while (position != 0) {
      const std::size_t parent = (position - 1) / 2;
      if (!Before()(pool_[handle], pool_[handles_[parent]])) break;
      place(position, handles_[parent]);
      position = parent;
    }
    place(position, handle);
    return position;
  }

  void sink(std::size_t position, Handle handle) noexcept {
    for (std::size_t child = 2 * position + 1; child < handles_.size(); child = 2 * position + 1) {
      if (child + 1 < handles_.size() && Before()(pool_[handles_[child + 1]], pool_[handles_[child]])) ++child;
      if (!Before()(pool_[handles_[child]], pool_[handle])) break;
      place(position, handles_[child]);
      position = child;
    }
    place(position, handle);
  }

  SlotPool& pool_;
  std::vector<Handle> handles_;
};

}  // namespace triggers::inbox

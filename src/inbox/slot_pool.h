#pragma once

// A part of entry_index.h: the memory of its slots.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "base/invariant.h"
#include "inbox/entry.h"

namespace triggers::inbox {

/// What the index stores of one entry. 48 bytes; about 64 with its places in two orders and one heap.
struct Slot {
  EventId id;
  LeaseId lease;             ///< leased: the holder. Otherwise 0.
  std::uint64_t at_ms : 48;  ///< leased, delayed: when it ends. dead: since when.
  std::uint64_t state : 8;   ///< An EntryState.
  std::uint64_t failed : 8;  ///< 1: its record has a last error.
  std::uint32_t attempts = 0;
  std::uint32_t heap_position = 0;  ///< In the one heap that has the slot.
};
static_assert(sizeof(Slot) == 48);

/// A slot's number. It stays until the slot is released.
using Handle = std::uint32_t;

/// Slots by number, in chunks. Slots never move. A new slot goes into the chunk with the lowest number that has room,
/// so that chunks become empty when entries become fewer; trim() frees those. One thread.
class SlotPool {
 public:
  [[nodiscard]] Slot& operator[](Handle handle) noexcept {
    return chunks_[handle / chunk_slots].slots[handle % chunk_slots];
  }
  [[nodiscard]] const Slot& operator[](Handle handle) const noexcept {
    return chunks_[handle / chunk_slots].slots[handle % chunk_slots];
  }

  /// If memory runs out, nothing has changed.
  [[nodiscard]] Handle allocate() {
    if (with_room_.empty()) add_chunk();
    const std::uint32_t number = *with_room_.begin();
    Chunk& chunk = chunks_[number];
    if (!chunk.slots) chunk.open();
    const std::uint32_t index = chunk.first_free;
    take(number, index);
    chunk.slots[index] = Slot{};
    return number * chunk_slots + index;
  }

  /// Keeps the slot's memory until trim().
  void release(Handle handle) noexcept {
    const std::uint32_t number = handle / chunk_slots, index = handle % chunk_slots;
    Chunk& chunk = chunks_[number];
    if (chunk.used == chunk_slots) with_room_.insert(std::move(chunk.place));
    chunk.slots[index].heap_position = chunk.first_free;
    chunk.first_free = index;
    // The first chunk stays, so that an inbox with few entries does not allocate for each lease.
    if (--chunk.used != 0 || number == 0 || chunk.is_emptied) return;
    chunk.is_emptied = true;
    chunk.next_emptied = last_emptied_;
    last_emptied_ = number;
  }

  /// Undoes release(). Everything that was allocated or released since then must have been undone, and trim() not
  /// called.
  void take_back(Handle handle) noexcept {
    const std::uint32_t number = handle / chunk_slots, index = handle % chunk_slots;
    INVARIANT(chunks_[number].slots && chunks_[number].first_free == index, "slot %u is not the last released one",
              handle);
    take(number, index);
  }

  /// Frees chunks without slots.
  void trim() noexcept {
    while (last_emptied_ != none) {
      Chunk& chunk = chunks_[last_emptied_];
      last_emptied_ = chunk.next_emptied;
      chunk.is_emptied = false;
      if (chunk.used == 0) chunk.slots.reset();
    }
  }

 private:
  /// 12 KiB, which jemalloc has a size for. It takes a page more for each allocation of 16 KiB and up.
  static constexpr std::uint32_t chunk_slots = 256, none = ~std::uint32_t{0};
  static constexpr std::size_t chunks_max = (std::size_t{1} << 32) / chunk_slots;
  using Numbers = std::set<std::uint32_t>;

  struct Chunk {
    std::unique_ptr<Slot[]> slots{};
    std::uint32_t used = 0;
    std::uint32_t first_free = 0;  ///< Free slots form a list through heap_position.
    std::uint32_t next_emptied = none;
    bool is_emptied = false;  ///< In the list that trim() looks through.
    Numbers::node_type
        place{};  ///< While the chunk is full: its node of with_room_, so that release() needs no memory.

    void open() {
      slots = std::make_unique<Slot[]>(chunk_slots);
      for (std::uint32_t i = 0; i != chunk_slots; ++i) slots[i].heap_position = i + 1;
      first_free = 0;
    }
  };

  void add_chunk() {
    INVARIANT(chunks_.size() < chunks_max, "an index has all of its %zu chunks of slots in use", chunks_max);
    Numbers added{static_cast<std::uint32_t>(chunks_.size())};
    chunks_.emplace_back();
    with_room_.merge(added);
  }

  void take(std::uint32_t number, std::uint32_t index) noexcept {
    Chunk& chunk = chunks_[number];
    chunk.first_free = chunk.slots[index].heap_position;
    if (++chunk.used == chunk_slots) chunk.place = with_room_.extract(number);
  }

  std::vector<Chunk> chunks_;
  Numbers with_room_;
  std::uint32_t last_emptied_ = none;
};

}  // namespace triggers::inbox

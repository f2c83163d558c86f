#pragma once

// A part of entry_index.h: the memory of its slots.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
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

/// Slots by number, in chunks. Slots never move, and an empty chunk is freed. A new slot goes into the chunk with the
/// lowest number that has room, so that chunks become empty when entries become fewer. One thread.
class SlotPool {
 public:
  [[nodiscard]] Slot& operator[](Handle handle) noexcept {
    return chunks_[handle / chunk_slots].slots[handle % chunk_slots];
  }
  [[nodiscard]] const Slot& operator[](Handle handle) const noexcept {
    return chunks_[handle / chunk_slots].slots[handle % chunk_slots];
  }

  [[nodiscard]] Handle allocate() {
    if (with_room_.empty()) {
      INVARIANT(chunks_.size() < chunks_max, "an index has all of its %zu chunks of slots in use", chunks_max);
      with_room_.insert(static_cast<std::uint32_t>(chunks_.size()));
      chunks_.emplace_back();
    }
    const std::uint32_t number = *with_room_.begin();
    Chunk& chunk = chunks_[number];
    if (!chunk.slots) chunk.open();
    const std::uint32_t index = chunk.first_free;
    chunk.first_free = chunk.slots[index].heap_position;
    if (++chunk.used == chunk_slots) with_room_.erase(with_room_.begin());
    chunk.slots[index] = Slot{};
    return number * chunk_slots + index;
  }

  void release(Handle handle) {
    const std::uint32_t number = handle / chunk_slots, index = handle % chunk_slots;
    Chunk& chunk = chunks_[number];
    if (chunk.used == chunk_slots) with_room_.insert(number);
    chunk.slots[index].heap_position = chunk.first_free;
    chunk.first_free = index;
    // The first chunk stays, so that an inbox with few entries does not allocate for each lease.
    if (--chunk.used == 0 && number != 0) chunk.slots.reset();
  }

 private:
  static constexpr std::uint32_t chunk_slots = 512;
  static constexpr std::size_t chunks_max = (std::size_t{1} << 32) / chunk_slots;

  struct Chunk {
    std::unique_ptr<Slot[]> slots;
    std::uint32_t used = 0;
    std::uint32_t first_free = 0;  ///< Free slots form a list through heap_position.

    void open() {
      slots = std::make_unique<Slot[]>(chunk_slots);
      for (std::uint32_t i = 0; i != chunk_slots; ++i) slots[i].heap_position = i + 1;
      first_free = 0;
    }
  };

  std::vector<Chunk> chunks_;
  std::set<std::uint32_t> with_room_;
};

}  // namespace triggers::inbox

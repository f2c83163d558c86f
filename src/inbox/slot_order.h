#pragma once

// A part of entry_index.h: slots by id or by lease.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <type_traits>
#include <utility>

#include "inbox/slot_pool.h"

namespace triggers::inbox {

/// Slots sorted by a unique key. `KeyOf` reads the key from the slot; it must not change while the slot is in the
/// order. A map of sorted leaves of handles, as in a B+ tree: about 4.5 bytes a slot, at most 7 if slots come in random
/// order. O(log n). At the end of the order, where new leases are added, O(1) and within the processor's cache, however
/// many slots are before it. One thread.
///
/// A removal keeps its room until trim(). So removals and additions since then can be undone, the latest first, and
/// that needs no memory: until trim() leaves are only split, never merged. A part of a leaf has no more slots than the
/// leaf had.
template <class KeyOf>
class SlotOrder {
 public:
  using Key = std::decay_t<decltype(KeyOf()(std::declval<const Slot&>()))>;

  explicit SlotOrder(const SlotPool& pool) noexcept : pool_(pool) {}

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// If memory runs out, nothing has changed.
  void add(Handle handle) {
    const Key key = key_of(handle);
    if (leaves_.empty()) leaves_.emplace(key, Leaf{});
    auto leaf = leaf_of(key);
    if (key < leaf->first) leaf = rebound_first(leaf, key);
    if (leaf->second.size == leaf_slots) leaf = split(leaf, key);
    Leaf& in = leaf->second;
    Handle* const at = lower_bound(in, key);
    INVARIANT(at == in.end() || key_of(*at) != key, "slot %u has the key of slot %u, which is in the order", handle,
              *at);
    std::copy_backward(at, in.end(), in.end() + 1);
    *at = handle;
    ++in.size;
    ++size_;
  }

  /// True if trim() may save memory at this key.
  [[nodiscard]] bool remove(Handle handle) noexcept {
    const Key key = key_of(handle);
    INVARIANT(!leaves_.empty(), "slot %u is removed from an empty order", handle);
    const auto leaf = leaf_of(key);
    Leaf& in = leaf->second;
    Handle* const at = lower_bound(in, key);
    INVARIANT(at != in.end() && *at == handle, "slot %u is removed from an order that does not have it", handle);
    std::copy(at + 1, in.end(), at);
    --in.size;
    --size_;
    return is_sparse(in);
  }

  /// Merges the leaf of `key` with a neighbour if it has few slots.
  void trim(const Key& key) noexcept {
    if (leaves_.empty()) return;
    if (const auto leaf = leaf_of(key); is_sparse(leaf->second)) merge(leaf);
  }

  [[nodiscard]] std::optional<Handle> find(const Key& key) const {
    if (leaves_.empty()) return std::nullopt;
    const Leaf& in = leaf_of(key)->second;
    const Handle* const at = lower_bound(in, key);
    if (at == in.end() || key_of(*at) != key) return std::nullopt;
    return *at;
  }

  /// Calls `visit(handle)` for each slot whose key is not less than `from`, in order, until it returns false. `visit`
  /// must not change the order.
  template <class Visit>
  void walk(const Key& from, Visit visit) const {
    if (leaves_.empty()) return;
    auto leaf = leaf_of(from);
    const Handle* at = lower_bound(leaf->second, from);
    while (true) {
      for (; at != leaf->second.end(); ++at) {
        if (!visit(*at)) return;
      }
      if (++leaf == leaves_.end()) return;
      at = leaf->second.begin();
    }
  }

 private:
  static constexpr std::size_t leaf_slots = 142;  ///< A node of the map then takes 640 bytes, a size of jemalloc.

  struct Leaf {
    std::uint32_t size = 0;
    std::array<Handle, leaf_slots> handles;

    Handle* begin() noexcept { return handles.data(); }
    Handle* end() noexcept { return handles.data() + size; }
    const Handle* begin() const noexcept { return handles.data(); }
    const Handle* end() const noexcept { return handles.data() + size; }
  };
  /// By a lower bound of the leaf's keys.
  using Leaves = std::map<Key, Leaf>;

  Key key_of(Handle handle) const noexcept { return KeyOf()(pool_[handle]); }

  template <class Map>
  static auto leaf_in(Map& leaves, const Key& key) {
    auto last = std::prev(leaves.end());
    if (!(key < last->first)) return last;
    auto leaf = leaves.upper_bound(key);
    return leaf == leaves.begin() ? leaf : std::prev(leaf);
  }
  auto leaf_of(const Key& key) { return leaf_in(leaves_, key); }
  auto leaf_of(const Key& key) const { return leaf_in(leaves_, key); }

  template <class SomeLeaf>
  auto lower_bound(SomeLeaf& leaf, const Key& key) const {
    // New entries usually go to the end of the last leaf.
    if (leaf.size != 0 && key_of(*(leaf.end() - 1)) < key) return leaf.end();
    return std::lower_bound(leaf.begin(), leaf.end(), key,
                            [this](Handle handle, const Key& than) { return key_of(handle) < than; });
  }

  /// A key before all others belongs to the first leaf, whose bound becomes that key.
  typename Leaves::iterator rebound_first(typename Leaves::iterator leaf, const Key& key) {
    auto node = leaves_.extract(leaf);
    node.key() = key;
    return leaves_.insert(leaves_.begin(), std::move(node));
  }

  /// Makes room for `key` in a full leaf, and returns the leaf for it. If the key is behind all others, the last leaf
  /// stays full and a new one begins.
  typename Leaves::iterator split(typename Leaves::iterator leaf, const Key& key) {
    Leaf& in = leaf->second;
    const bool behind_all = std::next(leaf) == leaves_.end() && key_of(*(in.end() - 1)) < key;
    Handle* const middle = behind_all ? in.end() : in.begin() + leaf_slots / 2;
    const auto next = leaves_.emplace_hint(std::next(leaf), behind_all ? key : key_of(*middle), Leaf{});
    std::copy(middle, in.end(), next->second.begin());
    next->second.size = static_cast<std::uint32_t>(in.end() - middle);
    in.size = static_cast<std::uint32_t>(middle - in.begin());
    return key < next->first ? leaf : next;
  }

  /// Merges a small leaf with a neighbour that has room, or removes it if it is empty.
  void merge(typename Leaves::iterator leaf) noexcept {
    if (leaf->second.size == 0) {
      leaves_.erase(leaf);
      return;
    }
    if (const auto next = std::next(leaf); next != leaves_.end() && fits(*leaf, *next)) {
      append(*leaf, *next);
      leaves_.erase(next);
    } else if (leaf != leaves_.begin() && fits(*std::prev(leaf), *leaf)) {
      append(*std::prev(leaf), *leaf);
      leaves_.erase(leaf);
    }
  }

  static bool is_sparse(const Leaf& leaf) noexcept { return leaf.size < leaf_slots / 4; }
  using Node = typename Leaves::value_type;
  // Leaves some room, so that the next additions do not split the leaf again.
  static bool fits(const Node& a, const Node& b) noexcept {
    return a.second.size + b.second.size <= leaf_slots * 3 / 4;
  }
  static void append(Node& to, const Node& from) noexcept {
    std::copy(from.second.begin(), from.second.end(), to.second.end());
    to.second.size += from.second.size;
  }

  const SlotPool& pool_;
  Leaves leaves_;
  std::size_t size_ = 0;
};

}  // namespace triggers::inbox

#include "inbox/slot_order.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <cstdint>
#include <map>
#include <random>
#include <vector>

#include "event/test_random_json.h"
#include "inbox/slot_heap.h"
#include "inbox/test_inbox.h"

namespace triggers::inbox {
namespace {

struct ById {
  const EventId& operator()(const Slot& slot) const noexcept { return slot.id; }
};
struct Sooner {
  bool operator()(const Slot& a, const Slot& b) const noexcept { return a.at_ms < b.at_ms; }
};

/// An order and a heap over the same slots, beside a map that is known to be right.
class Both {
 public:
  void add(std::uint64_t number) {
    const Handle handle = pool_.allocate();
    pool_[handle].id = test_id(number);
    pool_[handle].at_ms = number * 0x9e3779b97f4a7c15ULL >> 40;
    order_.add(handle);
    heap_.add(handle);
    ASSERT_TRUE(model_.emplace(test_id(number), handle).second);
    times_.emplace(std::uint64_t{pool_[handle].at_ms}, handle);
  }

  void remove(std::map<EventId, Handle>::iterator at) {
    const Handle handle = at->second;
    const bool sparse = order_.remove(handle);
    heap_.remove(handle);
    for (auto [time, end] = times_.equal_range(std::uint64_t{pool_[handle].at_ms}); time != end; ++time) {
      if (time->second != handle) continue;
      times_.erase(time);
      break;
    }
    pool_.release(handle);
    if (sparse && trims_) order_.trim(at->first);
    if (trims_) heap_.trim();
    if (trims_) pool_.trim();
    model_.erase(at);
  }

  void check_all(const EventId& from) {
    ASSERT_EQ(order_.size(), model_.size());
    auto next = model_.lower_bound(from);
    order_.walk(from, [&](Handle handle) {
      EXPECT_NE(next, model_.end());
      if (next == model_.end() || next->second != handle) return false;
      ++next;
      return true;
    });
    ASSERT_EQ(next, model_.end());
    check_top();
  }

  void check_top() {
    ASSERT_EQ(heap_.size(), times_.size());
    ASSERT_EQ(heap_.top().has_value(), !times_.empty());
    if (!times_.empty()) {
      ASSERT_EQ(std::uint64_t{pool_[*heap_.top()].at_ms}, times_.begin()->first);
    }
  }

  void trim_after_removals(bool trims) { trims_ = trims; }

  auto& model() { return model_; }
  bool has(std::uint64_t number) const { return order_.find(test_id(number)).has_value(); }

 private:
  SlotPool pool_;
  SlotOrder<ById> order_{pool_};
  SlotHeap<Sooner> heap_{pool_};
  std::map<EventId, Handle> model_;
  std::multimap<std::uint64_t, Handle> times_;
  bool trims_ = true;
};

TEST(SlotOrder, IsAMapInWhateverOrderSlotsComeAndGo) {
  std::mt19937_64 random(event::test_seed());
  Both both;
  for (int phase = 0; phase != 60; ++phase) {
    both.trim_after_removals(phase / 3 % 2 == 0);
    const bool grow = phase % 3 != 2, ascending = phase % 4 == 0, descending = phase % 4 == 1;
    for (std::uint64_t i = 0; i != 500; ++i) {
      if (grow) {
        const auto number = ascending    ? (std::uint64_t{1} << 40) + 1'000ULL * phase + i
                            : descending ? (std::uint64_t{1} << 39) - 1'000ULL * phase - i
                                         : random() % 100'000;
        ASSERT_EQ(both.has(number), both.model().contains(test_id(number)));
        if (!both.has(number)) both.add(number);
      } else if (!both.model().empty()) {
        auto at = both.model().lower_bound(test_id(random() % (std::uint64_t{1} << 41)));
        if (at == both.model().end()) at = both.model().begin();
        both.remove(at);
      }
      both.check_top();
    }
    both.check_all(test_id(random() % 200'000));
    both.check_all({});
  }
  while (!both.model().empty()) both.remove(both.model().begin());
  both.check_all({});
}

TEST(SlotPool, ChunksThatAreEmptyAreFreed) {
  SlotPool pool;
  std::vector<Handle> handles;
  const std::size_t before = mallinfo2().uordblks;
  for (int i = 0; i != 100'000; ++i) handles.push_back(pool.allocate());
  const std::size_t full = mallinfo2().uordblks;
  for (std::size_t i = 0; i != handles.size(); ++i) {
    if (i % 1'000 == 0)
      pool[handles[i]].attempts = static_cast<std::uint32_t>(i);
    else
      pool.release(handles[i]);
  }
  for (std::size_t i = 0; i < handles.size(); i += 1'000) {
    ASSERT_EQ(pool[handles[i]].attempts, i) << "what is used stays";
    pool.release(handles[i]);
  }
  EXPECT_GE(mallinfo2().uordblks, full) << "room is kept";
  pool.trim();
  if (full == before) GTEST_SKIP() << "this allocator does not count";
  EXPECT_GT(full - before, 100'000 * sizeof(Slot));
  EXPECT_LT(mallinfo2().uordblks - before, (full - before) / 5);
  for (int i = 0; i != 100'000; ++i) ASSERT_LT(pool.allocate(), 100'352U);
}

}  // namespace
}  // namespace triggers::inbox

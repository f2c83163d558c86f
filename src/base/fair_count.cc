#include "base/fair_count.h"

#include <algorithm>
#include <functional>

#include "base/invariant.h"

namespace triggers {

FairCount::Outcome FairCount::take(std::string_view holder, Place& place) noexcept {
  INVARIANT(!place.taken(), "%zu places are taken, and a place is filled a second time", taken());
  const std::size_t all = taken_.fetch_add(1, std::memory_order_relaxed);
  if (all >= places_max_) {
    taken_.fetch_sub(1, std::memory_order_relaxed);
    refused_.fetch_add(1, std::memory_order_relaxed);
    return Outcome::none_free;
  }
  // Mixed with a seed, so that nobody can choose names that meet.
  const std::size_t mixed = (std::hash<std::string_view>{}(holder) ^ seed_) * 0x9E3779B97F4A7C15ULL >> 32;
  std::atomic<std::size_t>& counter = counters_[mixed % counter_count];
  const std::size_t mine = counter.fetch_add(1, std::memory_order_relaxed);
  const std::size_t others = all - std::min(all, mine);  // Read apart, so it may be a little off.
  if (mine > 0 && mine + 1 > (places_max_ - std::min(places_max_, others)) / 2) {
    counter.fetch_sub(1, std::memory_order_relaxed);
    taken_.fetch_sub(1, std::memory_order_relaxed);
    refused_.fetch_add(1, std::memory_order_relaxed);
    return Outcome::share_used;
  }
  place.of_ = this;
  place.counter_ = &counter;
  return Outcome::taken;
}

FairCount::Place& FairCount::Place::operator=(Place&& other) noexcept {
  std::swap(of_, other.of_);
  std::swap(counter_, other.counter_);
  return *this;
}

void FairCount::Place::give_back() noexcept {
  if (of_ == nullptr) return;
  counter_->fetch_sub(1, std::memory_order_relaxed);
  of_->taken_.fetch_sub(1, std::memory_order_relaxed);
  of_ = nullptr;
}

}  // namespace triggers

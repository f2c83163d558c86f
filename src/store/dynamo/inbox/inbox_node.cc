#include "store/dynamo/inbox/inbox_node.h"

#include <algorithm>

#include "store/dynamo/client/for_each_until.h"

namespace triggers::store::dynamo {
namespace {

constexpr std::chrono::seconds flush_for{5};

}  // namespace

InboxNode::InboxNode(Table& table, Shards& shards, Counts& undelivered, const Clock& clock, InboxNodeConfig config)
    : table_(table),
      shards_(shards),
      clock_(clock),
      config_(std::move(config)),
      waiters_(config_.waiters_max),
      counts_(table, undelivered, clock, config_.on_leases),
      time_at_(clock.steady()) {}

UnixMillis InboxNode::lease_time() {
  const MutexLock lock(time_mutex_);
  const auto steady = clock_.steady();
  const auto passed = std::chrono::floor<std::chrono::milliseconds>(steady - time_at_);
  time_at_ += passed;
  time_ = std::max(time_ + passed, clock_.now());
  return time_;
}

EntryWork InboxNode::work(Table& table, const InboxPlace& place) {
  return {table,   place,       state(place.tenant, place.number()), shards_, counts_, tracked_room_, clock_,
          config_, lease_time()};
}

std::shared_ptr<InboxState> InboxNode::state(const Tenant& tenant, std::uint64_t number) {
  const MutexLock lock(mutex_);
  auto& state = states_[{tenant.id, number}];
  if (state) return state;
  state = std::make_shared<InboxState>(config_.look_every);
  auto made = state;
  forget_some();
  return made;
}

std::shared_ptr<InboxState> InboxNode::find(const Tenant& tenant, std::uint64_t number) const {
  const MutexLock lock(mutex_);
  const auto found = states_.find({tenant.id, number});
  return found == states_.end() ? nullptr : found->second;
}

void InboxNode::forget_some() {
  if (states_.size() <= config_.states_max) return;
  std::erase_if(states_, [](const auto& known) {
    return known.second.use_count() == 1 && !known.second->waiters() && !known.second->has_news();
  });
}

void InboxNode::accepted(const Tenant& tenant, std::span<const std::uint64_t> numbers, const EventId& id) {
  for (const std::uint64_t number : numbers) {
    const auto state = find(tenant, number);
    if (!state) continue;
    state->front().accepted(id);
    const auto waiters = state->waiters();
    if (!waiters) continue;
    InboxPlace place{.tenant = tenant};
    place.inbox.number = number;
    waiters->became_available(std::max<std::size_t>(counts_.known_available(place), 1));
  }
}

void InboxNode::removed(const Tenant& tenant, std::uint64_t number) {
  const auto state = find(tenant, number);
  if (!state) return;
  if (const auto waiters = state->waiters()) waiters->close();
  const MutexLock lock(mutex_);
  states_.erase({tenant.id, number});
}

std::shared_ptr<InboxWaiters> InboxNode::arrivals(const Tenant& tenant, std::uint64_t number) {
  return state(tenant, number)->join(waiters_);
}

std::vector<InboxNode::Known> InboxNode::known(bool all) const {
  std::vector<Known> known;
  const MutexLock lock(mutex_);
  for (const auto& [key, state] : states_) {
    if (all || state->waiters()) known.push_back({.tenant = Tenant{key.first}, .number = key.second});
  }
  return known;
}

Task<void> InboxNode::flush(bool everything) {
  std::vector<std::pair<InboxPlace, std::shared_ptr<InboxState>>> news;
  {
    const MutexLock lock(mutex_);
    for (const auto& [key, state] : states_) {
      if (!state->has_news()) continue;
      InboxPlace place;
      place.tenant.id = key.first;
      place.inbox.number = key.second;
      news.emplace_back(std::move(place), state);
    }
  }
  const auto now = std::chrono::steady_clock::now();
  auto write = [&](std::size_t i) { return news[i].second->write_front(table_, news[i].first, now, everything); };
  const auto written = co_await for_each_until(news.size(), now + flush_for, write);
  static_cast<void>(written);  // What was not written stays for the next time.
  const auto waited_for = everything ? std::chrono::milliseconds::zero() : Counts::flush_every;
  co_await counts_.states().flush(waited_for);
}

}  // namespace triggers::store::dynamo

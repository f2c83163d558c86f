#include "store/rocks/inbox/watched_inboxes.h"

#include <algorithm>
#include <utility>

namespace triggers::store {
namespace {

constexpr UnixMillis never = UnixMillis::max();
constexpr auto never_told = WatchedInboxes::TimePoint::max();

}  // namespace

/// What a reader holds.
struct WatchedInboxes::Watch {
  explicit Watch(WatchedInboxes& watched) noexcept : all(watched) {}
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  ~Watch() {
    if (inbox) all.leave(*inbox);
  }

  WatchedInboxes& all;
  std::shared_ptr<Inbox> inbox{};
};

UnixMillis WatchedInboxes::due_of(const InboxState& state) { return state.view().next_due.value_or(never); }

void WatchedInboxes::move(Inbox& inbox, UnixMillis due) noexcept {
  auto node = by_due_.extract(inbox.place_);
  node.key() = due;
  inbox.place_ = by_due_.insert(std::move(node));
}

std::shared_ptr<WatchedInboxes::Inbox> WatchedInboxes::enter(const std::shared_ptr<InboxState>& state,
                                                             const inbox::InboxName& name) {
  if (const auto found = inboxes_.find(state.get()); found != inboxes_.end()) return found->second;
  auto inbox = std::make_shared<Inbox>(waiters_, state, name);
  inbox->place_ = by_due_.emplace(never, inbox.get());
  inbox->telling_place_ = by_telling_.end();
  try {
    inbox->telling_place_ = by_telling_.emplace(never_told, inbox.get());
    inboxes_.emplace(state.get(), inbox);
  } catch (...) {
    by_due_.erase(inbox->place_);
    if (inbox->telling_place_ != by_telling_.end()) by_telling_.erase(inbox->telling_place_);
    throw;
  }
  return inbox;
}

std::shared_ptr<InboxWaiters> WatchedInboxes::watch(const std::shared_ptr<InboxState>& state,
                                                    const inbox::InboxName& name) {
  auto watch = std::make_shared<Watch>(*this);
  bool earlier = false;
  {
    const MutexLock lock(mutex_);
    watch->inbox = enter(state, name);
    Inbox& inbox = *watch->inbox;
    ++inbox.watchers_;
    ++watchers_;
    state->add_watcher();
    // Only now: of a change that has not seen the watcher, this reads the result.
    const UnixMillis due = due_of(*state);
    move(inbox, due);
    earlier = due < told_due_;
  }
  if (earlier) wake_committer_();
  return {watch, &watch->inbox->waiters_};
}

void WatchedInboxes::leave(Inbox& inbox) noexcept {
  const MutexLock lock(mutex_);
  inbox.state_->remove_watcher();
  --watchers_;
  if (--inbox.watchers_ > 0) return;
  by_due_.erase(inbox.place_);
  by_telling_.erase(inbox.telling_place_);
  inboxes_.erase(inbox.state_.get());
  // While nobody watches, the committer does not ask, and sleeps without an end.
  if (by_due_.empty()) told_due_ = never;
}

void WatchedInboxes::removed(const InboxState& state) noexcept {
  const MutexLock lock(mutex_);
  const auto found = inboxes_.find(&state);
  if (found == inboxes_.end()) return;
  found->second->removed_ = true;  // Nothing ends in it any more.
  move(*found->second, never);
  tell_at(*found->second, never_told);
  found->second->waiters_.close();
}

void WatchedInboxes::tell_at(Inbox& inbox, TimePoint time) noexcept {
  auto node = by_telling_.extract(inbox.telling_place_);
  node.key() = time;
  inbox.telling_place_ = by_telling_.insert(std::move(node));
}

void WatchedInboxes::gained(Inbox& inbox, std::size_t available, TimePoint now) noexcept {
  const TimePoint paced_to = std::max(inbox.paced_to_, now - lookers_pause * lookers_burst);
  if (!inbox.untold_since_ && paced_to + lookers_pause <= now) {
    inbox.paced_to_ = paced_to + lookers_pause;
    return inbox.waiters_.became_available(available);
  }
  inbox.waiters_.became_available_to_takers(available);
  if (inbox.untold_since_) return;
  inbox.untold_since_ = now;
  tell_at(inbox, paced_to + lookers_pause);
}

std::optional<WatchedInboxes::TimePoint> WatchedInboxes::next_telling() {
  const MutexLock lock(mutex_);
  if (by_telling_.empty() || by_telling_.begin()->first == never_told) return std::nullopt;
  return by_telling_.begin()->first;
}

void WatchedInboxes::tell_lookers(TimePoint now) noexcept {
  const MutexLock lock(mutex_);
  while (!by_telling_.empty() && by_telling_.begin()->first <= now) {
    Inbox& inbox = *by_telling_.begin()->second;
    inbox.paced_to_ = std::max(inbox.paced_to_, now - lookers_pause * lookers_burst) + lookers_pause;
    tell_at(inbox, never_told);
    if (const auto since = std::exchange(inbox.untold_since_, std::nullopt)) inbox.waiters_.tell_lookers(*since);
  }
}

void WatchedInboxes::changed(const InboxState& state, std::size_t available, bool gains, TimePoint now) noexcept {
  const MutexLock lock(mutex_);
  const auto found = inboxes_.find(&state);
  if (found == inboxes_.end() || found->second->removed_) return;
  move(*found->second, due_of(state));
  if (gains) {
    gained(*found->second, available, now);
  } else {
    found->second->waiters_.now_available(available);
  }
}

std::optional<UnixMillis> WatchedInboxes::next_due() {
  const MutexLock lock(mutex_);
  told_due_ = by_due_.empty() ? never : by_due_.begin()->first;
  return told_due_ == never ? std::nullopt : std::optional(told_due_);
}

void WatchedInboxes::take_due(UnixMillis now, Inboxes& due) noexcept {
  const MutexLock lock(mutex_);
  while (due.size() < due.capacity() && !by_due_.empty() && by_due_.begin()->first <= now) {
    Inbox& inbox = *by_due_.begin()->second;
    due.push_back(inboxes_.at(&inbox.state()));
    move(inbox, never);
  }
}

void WatchedInboxes::due_again(Inbox& inbox, UnixMillis not_before) noexcept {
  const MutexLock lock(mutex_);
  if (inbox.watchers_ == 0 || inbox.removed_) return;
  const UnixMillis due = due_of(inbox.state());
  move(inbox, due == never ? due : std::max(due, not_before));
}

}  // namespace triggers::store

#pragma once

// The inboxes that readers wait for: who is woken after a commit, and when the next lease or delay of one of them ends.
// Waiting itself is in store/waiters.h; the committer ends what is due in commit/due_ends.h.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "inbox/inbox_name.h"
#include "store/rocks/inbox/inbox_state.h"
#include "store/waiters.h"

namespace triggers::store {

/// An inbox is here while somebody holds the pointer that watch() gave. Any thread, where nothing else is said.
///
/// Each look of a page or a stream costs a read, and a thousand commits a second may change an inbox. So lookers are
/// told at once of a few changes, and then at most once in `lookers_pause`. Takers are told at once.
class WatchedInboxes {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::milliseconds lookers_pause{10};
  /// Changes of which lookers are told at once, after a time without any.
  static constexpr int lookers_burst = 8;

  /// One inbox that is watched, and the key of what falls due in it.
  class Inbox {
   public:
    Inbox(Waiters& all, std::shared_ptr<InboxState> state, inbox::InboxName name)
        : state_(std::move(state)), name_(std::move(name)), waiters_(all) {}

    [[nodiscard]] InboxState& state() const noexcept { return *state_; }
    [[nodiscard]] const inbox::InboxName& name() const noexcept { return name_; }

   private:
    friend class WatchedInboxes;
    const std::shared_ptr<InboxState> state_;
    const inbox::InboxName name_;
    InboxWaiters waiters_;
    // Under the mutex of WatchedInboxes:
    std::size_t watchers_ = 0;
    bool removed_ = false;
    std::multimap<UnixMillis, Inbox*>::iterator place_{};
    TimePoint paced_to_{};  ///< What was told takes up the time until then.
    std::optional<TimePoint> untold_since_{};
    std::multimap<TimePoint, Inbox*>::iterator telling_place_{};
  };
  using Inboxes = std::vector<std::shared_ptr<Inbox>>;

  /// `wake_committer` is called when something falls due earlier than next_due() said, outside of any lock.
  WatchedInboxes(std::size_t waiters_max, std::function<void()> wake_committer)
      : waiters_(waiters_max), wake_committer_(std::move(wake_committer)) {}
  WatchedInboxes(const WatchedInboxes&) = delete;
  WatchedInboxes& operator=(const WatchedInboxes&) = delete;

  [[nodiscard]] Waiters& waiters() noexcept { return waiters_; }

  /// As EntryArrivals::arrivals(). `state` has this name.
  [[nodiscard]] std::shared_ptr<InboxWaiters> watch(const std::shared_ptr<InboxState>& state,
                                                    const inbox::InboxName& name);
  /// The inbox was removed, and its name leads to it no longer: wakes its readers.
  void removed(const InboxState& state) noexcept;

  /// Whether anybody watches an inbox.
  [[nodiscard]] bool any() const noexcept { return watchers_.load(std::memory_order_relaxed) > 0; }

  // For the committer's thread.

  /// When tell_lookers() has something to do next. Nothing: not before an inbox changes.
  [[nodiscard]] std::optional<TimePoint> next_telling();
  /// Tells the lookers of those inboxes whose pause is over.
  void tell_lookers(TimePoint now) noexcept;
  /// Call it after a change of the inbox is visible to all threads, if it is watched. `available`: its available
  /// entries. `gains`: some of them were not available before.
  void changed(const InboxState& state, std::size_t available, bool gains, TimePoint now) noexcept;
  /// When the next lease or delay ends, by the clock of leases. Nothing: none does while nothing changes.
  [[nodiscard]] std::optional<UnixMillis> next_due();
  /// Appends the inboxes in which something is due at `now`, the longest due first, as long as `due` has capacity. Each
  /// is then not due until due_again(), or until it changes.
  void take_due(UnixMillis now, Inboxes& due) noexcept;
  /// Makes the inbox due at the time that its last commit says, but not before `not_before`.
  void due_again(Inbox& inbox, UnixMillis not_before) noexcept;

 private:
  struct Watch;
  /// The inbox, which is added if it is not here. Without memory, nothing has changed.
  std::shared_ptr<Inbox> enter(const std::shared_ptr<InboxState>& state, const inbox::InboxName& name) REQUIRES(mutex_);
  void leave(Inbox& inbox) noexcept;
  [[nodiscard]] static UnixMillis due_of(const InboxState& state);
  void move(Inbox& inbox, UnixMillis due) noexcept REQUIRES(mutex_);
  void gained(Inbox& inbox, std::size_t available, TimePoint now) noexcept REQUIRES(mutex_);
  void tell_at(Inbox& inbox, TimePoint time) noexcept REQUIRES(mutex_);

  Waiters waiters_;
  const std::function<void()> wake_committer_;
  std::atomic<std::size_t> watchers_{0};
  Mutex mutex_;
  std::unordered_map<const InboxState*, std::shared_ptr<Inbox>> inboxes_ GUARDED_BY(mutex_);
  /// One element for each inbox; never: the last. So a change needs no memory.
  std::multimap<UnixMillis, Inbox*> by_due_ GUARDED_BY(mutex_);
  std::multimap<TimePoint, Inbox*> by_telling_ GUARDED_BY(mutex_);  ///< As by_due_.
  UnixMillis told_due_ GUARDED_BY(mutex_) = UnixMillis::max();      ///< What the committer knows, at the latest.
};

}  // namespace triggers::store

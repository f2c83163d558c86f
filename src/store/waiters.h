#pragma once

// Readers that wait until something becomes available in an inbox: all of a node, those of one inbox, and one of them.
// No engine inside: an engine keeps an InboxWaiters in its state of each inbox. Who ends a wait early is in
// base/cancellation.h.

#include <array>
#include <atomic>
#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "base/cancellation.h"
#include "base/executor.h"
#include "base/fair_count.h"
#include "base/mutex.h"
#include "base/result.h"
#include "store/waiter_list.h"

namespace triggers::store {

/// Why a wait has ended.
enum class Wake : std::uint8_t {
  event,     ///< Something has become available: look again. Or the inbox was removed: Waiter::removed().
  timeout,   ///< The time is over.
  stopping,  ///< The server stops.
  gone,      ///< The client has left.
};

/// All waiting readers of a node. It outlives its inboxes and waiters.
class Waiters {
 public:
  static constexpr std::size_t waiters_max_default = 10'000;

  explicit Waiters(std::size_t waiters_max = waiters_max_default) : places_(waiters_max) {}
  /// With the seed of `FairCount` that a test chooses.
  Waiters(std::size_t waiters_max, std::uint64_t seed) : places_(waiters_max, seed) {}

  /// Wakes all, and lets nobody wait from now on: `Wake::stopping`. Any thread.
  void stop() noexcept;
  /// `observe` gets the time from each change that has woken a waiter to Waiter::served(). It is called on the thread
  /// of the waiter. Call this before anybody waits.
  void observe_served(std::function<void(std::chrono::nanoseconds)> observe) { observe_served_ = std::move(observe); }
  /// How many have a place, and how often there was none. Any thread.
  [[nodiscard]] std::size_t waiting() const noexcept { return places_.taken(); }
  [[nodiscard]] std::uint64_t refused() const noexcept { return places_.refused(); }

 private:
  friend class InboxWaiters;
  friend class Waiter;

  /// The lock of some inboxes, and those of them that have waiters. The locks are here, because a waiter may leave
  /// while its inbox is being removed.
  struct Shard {
    Mutex mutex;
    WaiterList occupied GUARDED_BY(mutex);
  };
  static constexpr std::size_t shard_count = 64;

  FairCount places_;
  std::function<void(std::chrono::nanoseconds)> observe_served_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::size_t> next_shard_{0};
  std::array<Shard, shard_count> shards_;
};

class Waiter;

/// The waiting readers of one inbox. If nobody waits, the engine's calls take no lock.
///
/// *Takers* (leases) take what they are woken for; a change wakes only as many of them as it can serve, in their order.
/// *Lookers* (pages, streams) take nothing; a change wakes all of them.
class InboxWaiters final : private WaiterLink {
 public:
  explicit InboxWaiters(Waiters& all) noexcept;
  InboxWaiters(const InboxWaiters&) = delete;
  InboxWaiters& operator=(const InboxWaiters&) = delete;
  ~InboxWaiters() { close(); }

  /// The inbox was removed: wakes everybody with `Wake::event`, and no reader waits here any more. Any thread.
  void close() noexcept;

  /// What a taker asks for before it looks. It grows when entries have become available. Any thread.
  [[nodiscard]] std::uint64_t version() const noexcept { return version_.load(); }
  /// The same for a looker, which an engine may tell later.
  [[nodiscard]] std::uint64_t version_for_lookers() const noexcept { return version_for_lookers_.load(); }

  // The engine calls these after each change is visible, one after the other.
  /// Entries have become available. `available`: how many are now, also for those that were before.
  void became_available(std::size_t available) noexcept;
  /// The same, but lookers are not told. Call tell_lookers() soon.
  void became_available_to_takers(std::size_t available) noexcept;
  /// Entries have become available, the first of them at `since`.
  void tell_lookers(std::chrono::steady_clock::time_point since) noexcept;
  /// Available entries have become fewer. If some are left, they are the next takers'.
  void now_available(std::size_t available) noexcept;

 private:
  friend class Waiters;
  friend class Waiter;
  class Wakes;
  using Shard = Waiters::Shard;

  void changed(std::size_t available, bool wakes_lookers) noexcept;
  [[nodiscard]] std::uint64_t version_for(const Waiter& waiter) const noexcept;

  // `shard` is always shard_. As a parameter it lets clang see that the caller, which may be a Waiter, has its lock.
  void join(Waiter& waiter, bool first, Shard& shard) noexcept REQUIRES(shard.mutex);
  void leave(Waiter& waiter, Shard& shard) noexcept REQUIRES(shard.mutex);
  void end_claim(Waiter& waiter, Shard& shard) noexcept REQUIRES(shard.mutex);
  using TimePoint = std::chrono::steady_clock::time_point;
  void wake_takers(TimePoint since, Wakes& wakes, Shard& shard) noexcept REQUIRES(shard.mutex);
  void wake_all(WaiterList& line, Wake why, Wakes& wakes, Shard& shard) noexcept REQUIRES(shard.mutex);
  void wake_lookers(TimePoint since, Wakes& wakes, Shard& shard) noexcept REQUIRES(shard.mutex);
  void occupy(Shard& shard) noexcept REQUIRES(shard.mutex);
  void vacate_if_empty(Shard& shard) noexcept REQUIRES(shard.mutex);

  Shard& shard_;
  std::atomic<std::uint64_t> version_{0}, version_for_lookers_{0};
  std::atomic<bool> occupied_{false};
  // Only the functions above use these.
  WaiterList takers_, lookers_;
  WaiterList woken_;  // takers on their way to take
  bool closed_ = false;
  std::size_t claimed_ = 0;    // the sum of their limits
  std::size_t available_ = 0;  // as the engine said last
};

/// One waiting reader: a variable of its coroutine. Waiting allocates nothing. It is used on one thread.
///
///     Waiter waiter(all, inbox.waiters, tenant.id, Waiter::taker(limit));
///     for (;;) {
///       const auto version = inbox.waiters.version();
///       … look; if something is there: waiter.served(), return it …
///       auto woken = co_await waiter.wait(version, cancellation);
///       if (!woken || *woken != Wake::event || waiter.removed()) return …
///     }
///
/// A taker that was woken and is destroyed before it was served passes its wake on.
class Waiter final : private WaiterLink, private Cancellation::Listener {
 public:
  struct Kind {
    bool takes;
    std::size_t limit;
  };
  /// `limit`: the most that it takes, at least 1.
  [[nodiscard]] static Kind taker(std::size_t limit) noexcept { return {true, limit}; }
  [[nodiscard]] static Kind looker() noexcept { return {false, 0}; }

  /// `tenant` is valid while this is.
  Waiter(Waiters& all, InboxWaiters& inbox, std::string_view tenant, Kind kind) noexcept;
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;
  ~Waiter();

  /// Awaitable: a Result<Wake>. Ends at once if the version of the inbox is no longer `version`, so no change between
  /// the look and the wait is missed. `cancellation` outlives the wait. A taker that was woken, has found nothing and
  /// waits again keeps its place in the line.
  ///
  /// Errors, at the first wait only: `overloaded` if all waiters of the node are taken, `share_used` if the tenant's
  /// share of them is.
  [[nodiscard]] auto wait(std::uint64_t version, Cancellation& cancellation) noexcept {
    struct Awaiter {
      Waiter& waiter;
      std::uint64_t version;
      bool await_ready() const noexcept { return false; }
      bool await_suspend(std::coroutine_handle<> handle) { return waiter.suspend(handle, version); }
      Result<Wake> await_resume() { return waiter.resumed(); }
    };
    cancellation_ = &cancellation;
    return Awaiter{*this, version};
  }

  /// The inbox was removed: every further wait ends at once. Look no more, even if an inbox has its name again.
  [[nodiscard]] bool removed() const noexcept;

  /// It has taken, or shown, what it was woken for.
  void served() noexcept;

 private:
  friend class InboxWaiters;

  void end_claim() noexcept;

  bool suspend(std::coroutine_handle<> handle, std::uint64_t version);
  Result<Wake> resumed();
  void cancelled() noexcept override;

  Waiters& all_;
  Waiters::Shard& shard_;
  const std::string_view tenant_;
  const Kind kind_;
  FairCount::Place place_;
  Cancellation* cancellation_ = nullptr;
  std::optional<ErrorCode> refused_;
  // Other threads change these in InboxWaiters' functions, while it waits or is woken.
  InboxWaiters* inbox_;  // null: removed
  Executor* executor_ = nullptr;
  std::coroutine_handle<> handle_;
  bool waits_ = false;                                                // in takers_ or lookers_
  bool woken_ = false;                                                // in woken_
  std::optional<std::chrono::steady_clock::time_point> woken_since_;  // when what has woken it became available
  Wake why_ = Wake::event;
};

}  // namespace triggers::store

#pragma once

// A node's part of a rate limit that several nodes share. The shared part is stored by store/dynamo/keys/rate_budget.h;
// a limit of one node alone is token_bucket.h.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/mutex.h"
#include "base/result.h"
#include "base/task.h"
#include "limit/token_bucket.h"

namespace triggers::limit {

/// What the bucket that all nodes share gave to one of them.
struct Grant {
  std::uint32_t tokens = 0;
  Decision bucket;               ///< The shared bucket after it; refused if there was none to give.
  TokenBucket::Time taken_at{};  ///< The shared bucket has filled up again since then.
  bool clocks_agree = true;      ///< False: this node's clock or that of who took last is wrong; nothing was taken.
};

/// Takes a slice of the shared bucket of a key with that limit. `wanted` is called when the bucket has been looked at,
/// so it counts who has come until then; a call that meets another node's calls it again.
using TakeSlice = std::function<Task<Result<Grant>>(std::string key_id, std::uint32_t per_minute,
                                                    std::function<std::uint32_t()> wanted)>;

/// A node's part of a bucket that several nodes share: it takes slices of the shared one and serves requests from them.
/// So the nodes together never serve more than the shared bucket gave out now and in the kept_for before, and ask it
/// once a slice.
///
/// A slice is as many as wait for it, which use it at once, or else one token. When it is used up within a second, the
/// next is twice as large, to a twentieth of the limit: a quick node asks seldom, and a slow one holds nothing that
/// others could use.
///
/// A node that finds the shared bucket filled in by a clock that disagrees with its own counts by itself for a while:
/// each such node adds the limit once, and none is locked out. Any thread.
class SharedBucket {
 public:
  using Time = TokenBucket::Time;
  static constexpr std::chrono::seconds doubled_within{1};
  /// What a slice has left is forgotten then. Meanwhile the shared bucket fills up, as it does for a clock that is
  /// ahead. So the nodes together, however many, exceed the limit by what comes in so long and in the 2 s by which
  /// their clocks may differ: 5.5 s of a minute's, less than a tenth.
  static constexpr std::chrono::milliseconds kept_for{3'500};

  /// One who waits for a slice, for as long as this lives.
  class Waiter {
   public:
    explicit Waiter(SharedBucket& bucket) noexcept : waiting_(bucket.waiting_) { ++waiting_; }
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    ~Waiter() { --waiting_; }

   private:
    std::atomic<std::uint32_t>& waiting_;
  };

  /// Takes one of what is here, or refuses by what the shared bucket last said; nothing: a slice is needed. What is
  /// here of another limit than `per_minute` is forgotten.
  std::optional<Decision> take(Time now, std::uint32_t per_minute);
  /// Takes so many whether they are here or not. What is missing is owed: the next slices pay it first, and until then
  /// take() refuses.
  Decision charge(Time now, std::uint32_t count, std::uint32_t per_minute);
  /// How many to take of the shared bucket, for one who began to ask at `asked_at`.
  [[nodiscard]] std::uint32_t wanted(Time asked_at, std::uint32_t per_minute) const;
  /// Puts a slice here, and does as take().
  std::optional<Decision> granted(Time now, const Grant& grant);
  /// A new object would behave the same. What is owed is remitted `owed_for_max` after the last slice: by then the
  /// shared bucket has filled up several times.
  [[nodiscard]] bool is_as_new(Time now) const;
  static constexpr std::chrono::minutes owed_for_max{5};

 private:
  std::optional<Decision> take_locked(Time now) REQUIRES(mutex_);

  std::atomic<std::uint32_t> waiting_{0};
  mutable Mutex mutex_;
  std::uint32_t tokens_ GUARDED_BY(mutex_) = 0;  // What is left of the newest slice.
  std::uint32_t slice_ GUARDED_BY(mutex_) = 0;   // What that slice was.
  std::uint32_t owed_ GUARDED_BY(mutex_) = 0;    // Charged and not paid; then tokens_ is 0.
  Time taken_at_ GUARDED_BY(mutex_){}, came_at_ GUARDED_BY(mutex_){};
  Time empty_until_ GUARDED_BY(mutex_){}, alone_until_ GUARDED_BY(mutex_){};
  Decision last_ GUARDED_BY(mutex_);
  TokenBucket own_ GUARDED_BY(mutex_){std::nullopt};  // Serves until alone_until_.
};

}  // namespace triggers::limit

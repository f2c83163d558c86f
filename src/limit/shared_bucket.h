#pragma once

// A node's part of a rate limit that several nodes share, and the type of the function that takes tokens of the shared
// part. Nothing here calls that function: admission does, and hands over what it took. The shared part is stored by
// store/dynamo/keys/rate_budget.h; a limit of one node alone is in token_bucket.h.

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
  Decision bucket;               ///< The shared bucket afterwards; refused if it was empty.
  TokenBucket::Time taken_at{};  ///< The shared bucket has filled up again since then.
  bool clocks_agree = true;      ///< False: the clocks of two nodes differ too much; nothing was taken.
};

/// Takes a slice of the shared bucket of a key with that limit. It calls `wanted` after it has read the bucket, so that
/// requests which arrived meanwhile are included. If another node changed the bucket at the same time, it reads the
/// bucket and calls `wanted` again.
using TakeSlice = std::function<Task<Result<Grant>>(std::string key_id, std::uint32_t per_minute,
                                                    std::function<std::uint32_t()> wanted)>;

/// A node's part of a bucket that several nodes share. It serves requests from a slice of the shared bucket. Its user
/// takes a slice when take() asks for one, and hands it to granted(). Together the nodes serve at most what the shared
/// bucket gave out now and during kept_for before.
///
/// A slice has one token for each waiting request, and at least one. If it is used up within a second, the next one is
/// twice as large, up to a twentieth of the limit. So a busy node rarely calls, and an idle one holds no tokens that
/// others could use.
///
/// If the clock of the node that filled the shared bucket disagrees with this node's, this node counts by itself for a
/// while. Each such node adds the limit once to the total, and none is locked out. Any thread.
class SharedBucket {
 public:
  using Time = TokenBucket::Time;
  static constexpr std::chrono::seconds doubled_within{1};
  /// After this time a node forgets the rest of a slice. Until then the shared bucket has filled up further, and clocks
  /// may differ by 2 s. So the nodes together, however many, exceed the limit by what flows in during 5.5 s of a
  /// minute: less than a tenth.
  static constexpr std::chrono::milliseconds kept_for{3'500};

  /// Counts one waiting request while it exists.
  class Waiter {
   public:
    explicit Waiter(SharedBucket& bucket) noexcept : waiting_(bucket.waiting_) { ++waiting_; }
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    ~Waiter() { --waiting_; }

   private:
    std::atomic<std::uint32_t>& waiting_;
  };

  /// Takes a token of the current slice, or refuses if the shared bucket was last empty. Nothing: a slice is needed.
  /// Tokens of another limit than `per_minute` are forgotten.
  std::optional<Decision> take(Time now, std::uint32_t per_minute);
  /// Takes `count` tokens even if fewer are left. The missing ones are owed: the next slices pay them first, and until
  /// then take() refuses.
  Decision charge(Time now, std::uint32_t count, std::uint32_t per_minute);
  /// The size of the next slice, for a request that began to wait at `asked_at`.
  [[nodiscard]] std::uint32_t wanted(Time asked_at, std::uint32_t per_minute) const;
  /// Adds the slice, then does the same as take().
  std::optional<Decision> granted(Time now, const Grant& grant);
  /// A new object would behave the same. Owed tokens are forgiven `owed_for_max` after the last slice: by then the
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

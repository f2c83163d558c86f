#pragma once

// Divides memory fairly between tenants. Waiting work is divided by fair_queue.h.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/mutex.h"

namespace triggers {

/// Memory that many holders (tenants) use together, up to a limit, so that none of them can take all of it.
///
/// The rule: a holder uses at most half of what the other holders leave. So a lone holder uses half of the budget, and
/// the next one still finds room for a quarter of it. However greedy the holders are, something stays free for the next
/// one, without a reserve that is set aside for each.
///
/// Three cases are never held to the half:
/// - The only share of a holder may use all that is free: a request may be larger than the half that is left.
/// - A share that is alone in the budget has no limit: otherwise a request larger than the budget could never run.
/// - A share of `small_bytes` or less always has room. It counts, but large shares never keep it out.
///
/// Any thread. A share takes a lock for a few instructions: count something large with it, not every small request.
class FairBudget {
  struct Holder;

 public:
  explicit FairBudget(std::size_t bytes_max, std::size_t small_bytes = 0);
  FairBudget(const FairBudget&) = delete;
  FairBudget& operator=(const FairBudget&) = delete;
  ~FairBudget();

  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::size_t bytes_max() const noexcept { return bytes_max_; }
  /// How often a share found no room.
  [[nodiscard]] std::uint64_t refused() const noexcept { return refused_.load(std::memory_order_relaxed); }
  /// How many holders use memory now.
  [[nodiscard]] std::size_t holders() const;

  /// What one request of a holder uses. Gives it back when destroyed; the budget outlives it. One thread at a time.
  class Share {
   public:
    Share() = default;  ///< Of no budget: there is always room.
    /// `holder`: whose memory it is. A null `budget` is no budget. Uses nothing before grow().
    Share(FairBudget* budget, std::string_view holder) : budget_(budget), name_(budget != nullptr ? holder : "") {}
    Share(Share&& other) noexcept;
    Share& operator=(Share&& other) noexcept;
    ~Share() { shrink(bytes_); }

    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
    /// False, and nothing is added, if there is no room.
    [[nodiscard]] bool grow(std::size_t bytes);
    void shrink(std::size_t bytes) noexcept;
    /// Makes it `bytes`. False, and it stays as it was, if there is no room.
    [[nodiscard]] bool resize(std::size_t bytes);
    /// Makes it `bytes`, whether there is room or not: for what exists already and cannot be refused any more.
    void count(std::size_t bytes);

   private:
    bool add(std::size_t bytes, bool must_fit);

    FairBudget* budget_ = nullptr;
    std::string name_;
    Holder* holder_ PT_GUARDED_BY(budget_->mutex_) = nullptr;  // Set while bytes_ is not 0.
    std::size_t bytes_ = 0;
  };

 private:
  struct Holder {
    std::string name;
    std::size_t bytes = 0;
    std::size_t shares = 0;  // That are not empty.
  };

  [[nodiscard]] bool has_room(const Holder& holder, std::size_t share_bytes, std::size_t more) const REQUIRES(mutex_);
  Holder& holder_of(const std::string& name) REQUIRES(mutex_);

  const std::size_t bytes_max_, small_bytes_;
  std::atomic<std::size_t> bytes_{0};  // Written with mutex_ held, read without.
  std::atomic<std::uint64_t> refused_{0};
  mutable Mutex mutex_;
  std::unordered_map<std::string_view, std::unique_ptr<Holder>> holders_
      GUARDED_BY(mutex_);  // By the holder's own name.
};

}  // namespace triggers

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace triggers {

/// Memory that many use together, up to a limit. Any thread.
class ByteBudget {
 public:
  /// Who takes `small_bytes` or less always has room: it is counted, and never refused for what others take.
  explicit ByteBudget(std::size_t bytes_max, std::size_t small_bytes = 0)
      : bytes_max_(bytes_max), small_bytes_(small_bytes) {}
  ByteBudget(const ByteBudget&) = delete;
  ByteBudget& operator=(const ByteBudget&) = delete;

  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
  /// How often there was no room.
  [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }

  /// What one of them uses, for its life, which the budget outlives. One thread at a time.
  class Share {
   public:
    Share() = default;  ///< Of no budget: there is always room.
    explicit Share(ByteBudget* budget) : budget_(budget) {}
    Share(Share&& other) noexcept
        : budget_(std::exchange(other.budget_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
    Share& operator=(Share&& other) noexcept {
      std::swap(budget_, other.budget_);
      std::swap(bytes_, other.bytes_);
      return *this;
    }
    ~Share() { shrink(bytes_); }

    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
    /// False, and nothing is added, if there is no room. Who is alone always has room, or what is larger than the
    /// budget could never be.
    [[nodiscard]] bool grow(std::size_t bytes) noexcept {
      if (budget_ != nullptr) {
        const std::size_t before = budget_->bytes_.fetch_add(bytes);
        const bool alone = before <= bytes_;
        if (before + bytes > budget_->bytes_max_ && !alone && bytes_ + bytes > budget_->small_bytes_) {
          budget_->bytes_ -= bytes;
          ++budget_->refused_;
          return false;
        }
      }
      bytes_ += bytes;
      return true;
    }
    void shrink(std::size_t bytes) noexcept {
      if (budget_ != nullptr) budget_->bytes_ -= bytes;
      bytes_ -= bytes;
    }

   private:
    ByteBudget* budget_ = nullptr;
    std::size_t bytes_ = 0;
  };

 private:
  const std::size_t bytes_max_, small_bytes_;
  std::atomic<std::size_t> bytes_{0};
  std::atomic<std::uint64_t> refused_{0};
};

}  // namespace triggers

#include "base/fair_budget.h"

#include <algorithm>
#include <utility>

#include "base/invariant.h"

namespace triggers {

FairBudget::FairBudget(std::size_t bytes_max, std::size_t small_bytes)
    : bytes_max_(bytes_max), small_bytes_(small_bytes) {}

FairBudget::~FairBudget() = default;

std::size_t FairBudget::holders() const {
  const MutexLock lock(mutex_);
  return holders_.size();
}

bool FairBudget::has_room(const Holder& holder, std::size_t share_bytes, std::size_t more) const {
  const std::size_t used = bytes_;
  if (share_bytes + more <= small_bytes_) return true;
  if (used == share_bytes) return true;  // It is alone.
  if (more > bytes_max_ - std::min(used, bytes_max_)) return false;
  if (holder.bytes == share_bytes) return true;  // The holder's only one.
  const std::size_t others = used - holder.bytes;
  return holder.bytes + more <= (bytes_max_ - others) / 2;
}

FairBudget::Holder& FairBudget::holder_of(const std::string& name) {
  if (const auto known = holders_.find(name); known != holders_.end()) return *known->second;
  auto holder = std::make_unique<Holder>();
  holder->name = name;
  const std::string_view key = holder->name;
  return *holders_.emplace(key, std::move(holder)).first->second;
}

FairBudget::Share::Share(Share&& other) noexcept
    : budget_(std::exchange(other.budget_, nullptr)),
      name_(std::move(other.name_)),
      holder_(std::exchange(other.holder_, nullptr)),
      bytes_(std::exchange(other.bytes_, 0)) {}

FairBudget::Share& FairBudget::Share::operator=(Share&& other) noexcept {
  std::swap(budget_, other.budget_);
  std::swap(name_, other.name_);
  std::swap(holder_, other.holder_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

bool FairBudget::Share::grow(std::size_t bytes) { return add(bytes, true); }

bool FairBudget::Share::add(std::size_t bytes, bool must_fit) {
  if (bytes == 0) return true;
  if (budget_ != nullptr) {
    const MutexLock lock(budget_->mutex_);
    Holder& holder = holder_ != nullptr ? *holder_ : budget_->holder_of(name_);
    if (must_fit && !budget_->has_room(holder, bytes_, bytes)) {
      ++budget_->refused_;
      if (holder.shares == 0) budget_->holders_.erase(name_);
      return false;
    }
    if (holder_ == nullptr) ++holder.shares;
    holder_ = &holder;
    holder.bytes += bytes;
    budget_->bytes_ += bytes;
  }
  bytes_ += bytes;
  return true;
}

void FairBudget::Share::shrink(std::size_t bytes) noexcept {
  if (bytes == 0) return;
  INVARIANT(bytes <= bytes_, "a share of %zu bytes gives %zu back", bytes_, bytes);
  bytes_ -= bytes;
  if (budget_ == nullptr) return;
  const MutexLock lock(budget_->mutex_);
  INVARIANT(holder_ != nullptr && bytes <= holder_->bytes, "%s gives back %zu bytes that it does not hold",
            name_.c_str(), bytes);
  budget_->bytes_ -= bytes;
  holder_->bytes -= bytes;
  if (bytes_ > 0) return;
  if (--holder_->shares == 0) budget_->holders_.erase(name_);
  holder_ = nullptr;
}

bool FairBudget::Share::resize(std::size_t bytes) {
  if (bytes > bytes_) return grow(bytes - bytes_);
  shrink(bytes_ - bytes);
  return true;
}

void FairBudget::Share::count(std::size_t bytes) {
  if (bytes > bytes_) {
    add(bytes - bytes_, false);
  } else {
    shrink(bytes_ - bytes);
  }
}

}  // namespace triggers

#pragma once

// How many calls to DynamoDB may be under way, of all tenants and of each. Whose call goes next is in
// client/call_turns.h.

#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/mutex.h"
#include "base/result.h"
#include "store/tenant.h"

namespace triggers::store::dynamo {

inline Error too_many_calls() { return {ErrorCode::overloaded, "too many calls to DynamoDB are under way"}; }
inline Error too_many_of_tenant() {
  return {ErrorCode::share_used, "Too many operations of this tenant are under way."};
}

/// Calls to DynamoDB that may be under way, of each tenant.
class CallsUnderWay {
 public:
  explicit CallsUnderWay(std::size_t max) : max_(max) {}

  /// An Error if there is no room. A tenant may have as many calls as it leaves free for others; its only request may
  /// use all that are free.
  std::optional<Error> add(const std::string& tenant, std::size_t count) {
    if (count == 0) return std::nullopt;
    const MutexLock lock(mutex_);
    if (total_ + count > max_) return too_many_calls();
    std::size_t& own = by_tenant_[tenant];
    if (own > 0 && own + count > max_ - total_ - count) return too_many_of_tenant();
    own += count;
    total_ += count;
    return std::nullopt;
  }
  void remove(const std::string& tenant, std::size_t count) noexcept {
    if (count == 0) return;
    const MutexLock lock(mutex_);
    total_ -= count;
    const auto own = by_tenant_.find(tenant);
    own->second -= count;
    if (own->second == 0) by_tenant_.erase(own);
  }
  [[nodiscard]] std::size_t total() const {
    const MutexLock lock(mutex_);
    return total_;
  }

 private:
  const std::size_t max_;
  mutable Mutex mutex_;
  std::size_t total_ GUARDED_BY(mutex_) = 0;
  std::unordered_map<std::string, std::size_t> by_tenant_ GUARDED_BY(mutex_);
};

/// Counts the calls of one request while it lives.
class CountedCalls {
 public:
  CountedCalls(CallsUnderWay& all, const Tenant& tenant, std::size_t count)
      : all_(all), tenant_(tenant), count_(count), refused_(all.add(tenant.id, count)) {}
  CountedCalls(const CountedCalls&) = delete;
  CountedCalls& operator=(const CountedCalls&) = delete;
  ~CountedCalls() {
    if (!refused_) all_.remove(tenant_.id, count_);
  }
  /// Why there is no room; nothing if there is.
  [[nodiscard]] const std::optional<Error>& refused() const noexcept { return refused_; }

 private:
  CallsUnderWay& all_;
  const Tenant& tenant_;
  const std::size_t count_;
  const std::optional<Error> refused_;
};

}  // namespace triggers::store::dynamo

#include "limit/shared_bucket.h"

#include <algorithm>

#include "base/invariant.h"
#include "limit/gcra.h"

namespace triggers::limit {

std::optional<Decision> SharedBucket::take(Time now, std::uint32_t per_minute) {
  const MutexLock lock(mutex_);
  if (last_.limit != per_minute) {
    tokens_ = owed_ = 0;
    empty_until_ = alone_until_ = {};
  }
  return take_locked(now);
}

Decision SharedBucket::charge(Time now, std::uint32_t count, std::uint32_t per_minute) {
  const MutexLock lock(mutex_);
  if (now < alone_until_) return own_.charge(now, count);
  const std::uint32_t paid = std::min(tokens_, count);
  tokens_ -= paid;
  owed_ += count - paid;
  Decision charged = last_;
  charged.allowed = true;
  charged.limit = per_minute;
  charged.remaining = owed_ > 0 ? 0 : last_.remaining + tokens_;
  charged.retry_after = {};
  return charged;
}

std::uint32_t SharedBucket::wanted(Time asked_at, std::uint32_t per_minute) const {
  const MutexLock lock(mutex_);
  const std::uint32_t most = std::max<std::uint32_t>(per_minute / 20, 1);
  // Not by when it was asked for: calls to DynamoDB may take longer than that.
  const bool quick = slice_ > 0 && asked_at - came_at_ < doubled_within;
  return std::max(quick ? std::min(slice_ * 2, most) : 1, waiting_.load()) + owed_;
}

std::optional<Decision> SharedBucket::granted(Time now, const Grant& grant) {
  const MutexLock lock(mutex_);
  last_ = grant.bucket;
  const std::uint32_t paid = std::min(owed_, grant.tokens);
  owed_ -= paid;
  tokens_ = slice_ = grant.tokens - paid;
  taken_at_ = grant.taken_at;
  came_at_ = now;
  if (grant.tokens == 0) empty_until_ = now + grant.bucket.retry_after;
  if (owed_ > 0 && grant.bucket.limit) {
    empty_until_ = std::max(empty_until_, now + Gcra(*grant.bucket.limit).price_ns * std::chrono::nanoseconds{owed_});
  }
  if (!grant.clocks_agree) {
    own_.set_rate(grant.bucket.limit);
    alone_until_ = now + kept_for;
  }
  return take_locked(now);
}

bool SharedBucket::is_as_new(Time now) const {
  const MutexLock lock(mutex_);
  const bool empty = tokens_ == 0 || now - taken_at_ >= kept_for;
  const bool paid = owed_ == 0 || now - came_at_ >= owed_for_max;
  return empty && paid && waiting_ == 0 && now >= empty_until_ && now >= alone_until_;
}

std::optional<Decision> SharedBucket::take_locked(Time now) {
  INVARIANT(owed_ == 0 || tokens_ == 0, "a bucket that owes %u tokens has %u", owed_, tokens_);
  if (now < alone_until_) return own_.take(now);
  if (tokens_ > 0 && now - taken_at_ < kept_for) {
    --tokens_;
    Decision served = last_;
    served.allowed = true;
    served.remaining = last_.remaining + tokens_;
    served.retry_after = {};
    return served;
  }
  tokens_ = 0;
  if (now >= empty_until_) return std::nullopt;
  Decision refused = last_;
  refused.allowed = false;
  refused.remaining = 0;
  refused.retry_after = empty_until_ - now;
  return refused;
}

}  // namespace triggers::limit

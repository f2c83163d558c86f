#include "limit/shared_bucket.h"

#include <algorithm>

namespace triggers::limit {

std::optional<Decision> SharedBucket::take(Time now) {
  const std::lock_guard lock(mutex_);
  if (tokens_ > 0 && now - granted_at_ < kept_for) return serve();
  tokens_ = 0;
  if (now >= empty_until_) return std::nullopt;
  Decision refused = last_;
  refused.allowed = false;
  refused.remaining = 0;
  refused.retry_after = empty_until_ - now;
  return refused;
}

std::uint32_t SharedBucket::wanted(Time now, std::uint32_t per_minute) {
  const std::lock_guard lock(mutex_);
  const std::uint32_t most = std::max<std::uint32_t>(per_minute / 20, 1);
  const bool quick = slice_ > 0 && now - asked_at_ < doubled_within;
  slice_ = std::min(quick ? slice_ * 2 : 1, most);
  asked_at_ = now;
  return slice_;
}

Decision SharedBucket::granted(Time now, const Grant& grant) {
  const std::lock_guard lock(mutex_);
  last_ = grant.bucket;
  if (grant.tokens > 0) {
    tokens_ += grant.tokens;
    granted_at_ = now;
  } else {
    empty_until_ = now + grant.bucket.retry_after;
  }
  return tokens_ > 0 ? serve() : grant.bucket;
}

Decision SharedBucket::serve() {
  --tokens_;
  Decision served = last_;
  served.allowed = true;
  served.remaining = last_.remaining + tokens_;
  served.retry_after = {};
  return served;
}

}  // namespace triggers::limit

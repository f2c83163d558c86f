#include "limit/rate_buckets.h"

namespace triggers::limit {

std::shared_ptr<RateBucket> RateBuckets::bucket(const std::string& name, std::optional<std::uint32_t> per_minute) {
  const MutexLock lock(mutex_);
  std::shared_ptr<RateBucket>& bucket = buckets_[name];
  if (!bucket) bucket = std::make_shared<RateBucket>(per_minute);
  bucket->own.set_rate(per_minute);
  return bucket;
}

void RateBuckets::forget_unused(TokenBucket::Time now) {
  const MutexLock lock(mutex_);
  // Handles are copied from the map under the lock only, so a bucket with one owner has no other user.
  std::erase_if(buckets_, [now](const auto& one) { return one.second.use_count() == 1 && one.second->is_as_new(now); });
}

std::size_t RateBuckets::size() const {
  const MutexLock lock(mutex_);
  return buckets_.size();
}

}  // namespace triggers::limit

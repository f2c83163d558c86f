#include "store/dynamo/inbox/lease_front.h"

#include <algorithm>

namespace triggers::store::dynamo {
namespace {

constexpr std::size_t known_max = 8'192;
constexpr std::size_t accepted_max = 4'096;
/// After a write met one of another node, records are read before they are written for so long.
constexpr std::chrono::seconds shared_for{2};

}  // namespace

EventId id_before(EventId id) noexcept {
  if (id == EventId{}) return id;
  for (std::size_t i = id.bytes.size(); i-- > 0;) {
    if (id.bytes[i]-- != 0) break;
  }
  return id;
}

void LeaseFront::begin(Scan& scan, TimePoint now) {
  const MutexLock lock(mutex_);
  scan.looks_back_ = !looked_back_at_ || now - *looked_back_at_ >= look_back_every_;
  // At first, what others have leased behind the settled front is not known.
  if (!looked_back_at_) met_another_at_ = now;
  if (scan.looks_back_) looked_back_at_ = now;
  scan.after_ = scan.looks_back_ ? settled_ : scanned_to_;
  scan.scanned_to_ = scanned_to_;
  scan.shares_ = met_another_at_ && now - *met_another_at_ < shared_for;
  ++scans_;
}

void LeaseFront::end(Scan& scan) noexcept {
  const MutexLock lock(mutex_);
  for (const EventId& id : scan.reserved_) reserved_.erase(id);
  if (--scans_ == 0) accepted_.clear();
}

bool LeaseFront::reserve(Scan& scan, const EventId& id) {
  const MutexLock lock(mutex_);
  if (!reserved_.insert(id).second) return false;
  scan.reserved_.insert(id);
  return true;
}

bool LeaseFront::knows(const EventId& id) const {
  const MutexLock lock(mutex_);
  return known_.contains(id);
}

bool LeaseFront::looks_first(const Scan& scan, const EventId& id) const {
  return scan.shares_ || id <= scan.scanned_to_;
}

void LeaseFront::not_fresh(const EventId& id) {
  const MutexLock lock(mutex_);
  if (id > settled_ && known_.size() < known_max) known_.insert(id);
}

void LeaseFront::left(const EventId& id) {
  const MutexLock lock(mutex_);
  if (id <= scanned_to_) scanned_to_ = std::max(settled_, id_before(id));
}

void LeaseFront::met_another_node(TimePoint now) {
  const MutexLock lock(mutex_);
  met_another_at_ = now;
}

void LeaseFront::passed(const Scan& scan, EventId to, const EventId& settled) {
  const MutexLock lock(mutex_);
  // What was accepted meanwhile may not have been there yet when the scan came by.
  for (const EventId& id : accepted_) to = std::min(to, id_before(id));
  if (to <= scan.after_) return;
  scanned_to_ = std::max(scanned_to_, to);
  if (!scan.looks_back_) return;
  settled_ = std::max(settled_, std::min(to, settled));
  known_.erase(known_.begin(), known_.upper_bound(settled_));
}

void LeaseFront::accepted(const EventId& id) {
  const MutexLock lock(mutex_);
  if (id <= scanned_to_) scanned_to_ = std::max(settled_, id_before(id));
  if (scans_ == 0) return;
  if (accepted_.size() < accepted_max) {
    accepted_.push_back(id);
  } else {
    // Only the least one matters.
    accepted_.front() = std::min(accepted_.front(), id);
  }
}

void LeaseFront::advance(const EventId& settled) {
  const MutexLock lock(mutex_);
  settled_ = std::max(settled_, settled);
  scanned_to_ = std::max(scanned_to_, settled_);
  known_.erase(known_.begin(), known_.upper_bound(settled_));
}

EventId LeaseFront::settled() const {
  const MutexLock lock(mutex_);
  return settled_;
}

}  // namespace triggers::store::dynamo

#include "store/rocks/commit/due_ends.h"

#include <algorithm>
#include <new>

#include "store/rocks/commit/end_stage.h"

namespace triggers::store {
namespace {

using std::chrono::steady_clock;

/// After a commit that failed.
constexpr std::chrono::milliseconds retry_pause{1000};

}  // namespace

DueEnds::DueEnds(WatchedInboxes* watched, const IdTime& time) : watched_(watched), time_(time) {
  due_.reserve(inboxes_max);
}

std::optional<steady_clock::time_point> DueEnds::next() {
  if (watched_ == nullptr || !watched_->any()) return std::nullopt;
  const auto telling = watched_->next_telling();
  const auto due = watched_->next_due();
  if (!due) return telling;
  const auto now = steady_clock::now();
  const auto left = std::clamp<std::chrono::milliseconds>(*due - time_.now(), {}, sleep_max);
  const auto end = std::max(now + left, last_ + pause);
  return telling ? std::min(end, *telling) : end;
}

void DueEnds::prepare(std::size_t place) {
  const WatchedInboxes::Inbox& inbox = *due_[place];
  End& end = ends_[place];
  end.tenant.id = inbox.state().tenant();
  end.entry = {};
  end.entry.kind = EntryOperation::Kind::advance;
  end.entry.inbox = inbox.name();
  end.entry.limit = std::min(EndStage::ends_max, ends_max / due_.size() + 1);
  end.operation = {};
  end.operation.kind = Operation::Kind::entries;
  end.operation.tenant = &end.tenant;
  end.operation.entry = &end.entry;
  end.operation.part_end = end.operation.size();
}

void DueEnds::add(std::vector<Operation*>& operations) noexcept {
  if (watched_ == nullptr || !watched_->any()) return;
  const auto now = steady_clock::now();
  watched_->tell_lookers(now);
  if (now < last_ + pause) return;
  watched_->take_due(time_.now(), due_);
  if (due_.empty()) return;
  last_ = now;
  try {
    operations.reserve(operations.size() + due_.size());
    for (std::size_t i = 0; i < due_.size(); ++i) prepare(i);
  } catch (const std::bad_alloc&) {
    return done(false);
  }
  for (std::size_t i = 0; i < due_.size(); ++i) operations.push_back(&ends_[i].operation);
}

void DueEnds::done(bool written) noexcept {
  if (due_.empty()) return;
  const UnixMillis now = time_.now();
  for (std::size_t i = 0; i < due_.size(); ++i) {
    const bool failed = !written || ends_[i].operation.error;
    watched_->due_again(*due_[i], failed ? now + retry_pause : now);
  }
  due_.clear();
}

}  // namespace triggers::store

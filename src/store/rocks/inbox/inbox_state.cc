#include "store/rocks/inbox/inbox_state.h"

#include <algorithm>
#include <utility>

#include "base/invariant.h"
#include "store/rocks/format/inbox_meta.h"
#include "store/rocks/format/layout.h"

namespace triggers::store {

InboxState::InboxState(std::string tenant, std::string name)
    : tenant_(std::move(tenant)),
      name_(std::move(name)),
      meta_key_(layout::inbox_meta_key(tenant_, name_)),
      prefix_(layout::pending_prefix(tenant_, name_)) {}

InboxState::View InboxState::view() const {
  const ReaderLock lock(mutex_);
  View view = view_;
  if (!has_counts_) view.counts = {.available = count()};
  return view;
}

bool InboxState::publish() {
  const std::size_t before = std::exchange(available_before_, available());
  const bool gained = staged.gained || available_before_ > before;
  release_head();
  count_.store(staged.count, std::memory_order_release);
  if (staged.first) raise_head(*staged.first, head().lowered);
  if (staged.head_changed) head_changed_.store(true, std::memory_order_release);
  // An inbox that is only appended to needs none of this.
  if (index_ || staged.last_consumed_at) publish_view();
  staged = {.count = staged.count, .last_consumed_at = staged.last_consumed_at};
  return gained;
}

void InboxState::publish_view() {
  View view{.last_consumed_at = staged.last_consumed_at, .fresh_after = fresh_after()};
  if (index_) {
    view.counts = index_->counts();
    view.tracked = tracked();
    view.next_due = index_->next_due();
    view.next_expiry = index_->next_expiry();
    const auto back = index_->page(inbox::EntryState::available, std::nullopt, 1);
    if (!back.empty()) view.oldest_back = back.front();
  }
  const WriterLock lock(mutex_);
  view_ = view;
  has_counts_ = index_ != nullptr;
}

void InboxState::discard() noexcept {
  release_head();
  const ReaderLock lock(mutex_);
  staged = {.count = count(), .last_consumed_at = view_.last_consumed_at};
}

InboxState::Head InboxState::head() const {
  const ReaderLock lock(mutex_);
  return head_;
}

void InboxState::raise_head(const EventId& id, std::uint64_t lowered) {
  const WriterLock lock(mutex_);
  if (head_.lowered == lowered && !head_is_held_) head_.id = std::max(head_.id, id);
}

void InboxState::lower_head(const EventId& id) {
  const WriterLock lock(mutex_);
  head_.id = std::min(head_.id, id);
  ++head_.lowered;
  head_is_held_ = has_lowered_head_ = true;
}

void InboxState::release_head() {
  if (!std::exchange(has_lowered_head_, false)) return;
  const WriterLock lock(mutex_);
  ++head_.lowered;  // A reader that looked before the write raises nothing.
  head_is_held_ = false;
}

inbox::EntryIndex& InboxState::make_index(const inbox::Rules& rules) {
  INVARIANT(!index_, "an inbox gets a second index");
  auto index = std::make_unique<inbox::EntryIndex>(rules);
  const auto restored = index->restored({.undelivered = staged.count, .dead = 0, .fresh_after = stored_fresh_after_});
  INVARIANT(restored, "an index without entries cannot be made");
  index_ = std::move(index);
  return *index_;
}

inbox::EntryIndex& InboxState::index_to_restore(const inbox::Rules& rules) {
  if (!index_) index_ = std::make_unique<inbox::EntryIndex>(rules);
  return *index_;
}

Status InboxState::set_restored(const inbox::Rules& rules) {
  if (!index_ && stored_dead_ == 0) return Done{};
  auto restored = index_to_restore(rules).restored(
      {.undelivered = staged.count, .dead = stored_dead_, .fresh_after = stored_fresh_after_});
  if (restored) publish_view();
  return restored;
}

std::size_t InboxState::available() const noexcept {
  return static_cast<std::size_t>(index_ ? index_->counts().available : staged.count);
}

std::uint64_t InboxState::tracked() const noexcept {
  if (!index_) return 0;
  const inbox::Counts counts = index_->counts();
  return counts.undelivered() + counts.dead - index_->fresh();
}

const EventId& InboxState::fresh_after() const noexcept { return index_ ? index_->fresh_after() : stored_fresh_after_; }

std::string InboxState::encode_meta() const {
  return encode_inbox_meta({.count = staged.count,
                            .head = head().id,
                            .fresh_after = fresh_after(),
                            .last_consumed_at = staged.last_consumed_at.value_or(UnixMillis{}),
                            .dead = index_ ? index_->counts().dead : 0});
}

std::optional<std::uint64_t> InboxState::decode_count(std::string_view bytes) {
  const auto meta = decode_inbox_meta(bytes);
  return meta ? std::optional{meta->count} : std::nullopt;
}

bool InboxState::decode_meta(std::string_view bytes) {
  const auto stored = decode_inbox_meta(bytes);
  if (!stored) return false;
  staged.count = stored->count;
  if (stored->last_consumed_at != UnixMillis{}) staged.last_consumed_at = stored->last_consumed_at;
  stored_fresh_after_ = stored->fresh_after;
  stored_dead_ = stored->dead;
  publish();
  raise_head(stored->head, 0);
  return true;
}

}  // namespace triggers::store

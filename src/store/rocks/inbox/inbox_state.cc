#include "store/rocks/inbox/inbox_state.h"

#include <utility>

#include "store/rocks/format/inbox_meta.h"
#include "store/rocks/format/layout.h"

namespace triggers::store {

InboxState::InboxState(std::string tenant, std::string name)
    : tenant_(std::move(tenant)),
      name_(std::move(name)),
      meta_key_(layout::inbox_meta_key(tenant_, name_)),
      prefix_(layout::pending_prefix(tenant_, name_)) {}

void InboxState::publish() {
  count_.store(staged.count, std::memory_order_release);
  if (staged.first) raise_head(*staged.first);
  if (staged.head_changed) head_changed_.store(true, std::memory_order_release);
  staged = {.count = staged.count};
}

void InboxState::discard() noexcept { staged = {.count = count()}; }

EventId InboxState::head() const {
  const ReaderLock lock(head_mutex_);
  return head_;
}

void InboxState::raise_head(const EventId& head) {
  const WriterLock lock(head_mutex_);
  if (head_ < head) head_ = head;
}

std::string InboxState::encode_meta() const { return encode_inbox_meta({.count = staged.count, .head = head()}); }

std::optional<std::uint64_t> InboxState::decode_count(std::string_view bytes) {
  const auto meta = decode_inbox_meta(bytes);
  return meta ? std::optional{meta->count} : std::nullopt;
}

bool InboxState::decode_meta(std::string_view bytes) {
  const auto stored = decode_inbox_meta(bytes);
  if (!stored) return false;
  staged.count = stored->count;
  publish();
  raise_head(stored->head);
  return true;
}

}  // namespace triggers::store

#include "store/rocks/inbox/inboxes.h"

#include <utility>

#include "store/rocks/format/inbox_meta.h"
#include "store/rocks/format/layout.h"

namespace triggers::store {

Inbox::Inbox(std::string tenant, std::string name)
    : tenant_(std::move(tenant)),
      name_(std::move(name)),
      meta_key_(layout::inbox_meta_key(tenant_, name_)),
      prefix_(layout::pending_prefix(tenant_, name_)) {}

void Inbox::publish() {
  staged = false;
  count_.store(staged_count, std::memory_order_release);
  if (const auto first = std::exchange(staged_first, std::nullopt)) raise_head(*first);
  if (std::exchange(staged_head, false)) head_changed_.store(true, std::memory_order_release);
}

void Inbox::discard() noexcept {
  staged = false;
  staged_head = false;
  staged_first.reset();
  staged_count = count();
}

EventId Inbox::head() const {
  const ReaderLock lock(head_mutex_);
  return head_;
}

void Inbox::raise_head(const EventId& head) {
  const WriterLock lock(head_mutex_);
  if (head_ < head) head_ = head;
}

std::string Inbox::encode_meta() const { return encode_inbox_meta({.count = staged_count, .head = head()}); }

std::optional<std::uint64_t> Inbox::decode_count(std::string_view bytes) {
  const auto meta = decode_inbox_meta(bytes);
  return meta ? std::optional{meta->count} : std::nullopt;
}

bool Inbox::decode_meta(std::string_view bytes) {
  const auto stored = decode_inbox_meta(bytes);
  if (!stored) return false;
  staged_count = stored->count;
  publish();
  raise_head(stored->head);
  return true;
}

Inbox& Inboxes::get(std::string_view tenant, std::string_view name) {
  const std::string prefix = layout::pending_prefix(tenant, name);
  {
    const ReaderLock lock(mutex_);
    if (const auto found = by_prefix_.find(prefix); found != by_prefix_.end()) return *found->second;
  }
  const WriterLock lock(mutex_);
  auto& inbox = by_prefix_[prefix];
  if (!inbox) inbox = std::make_unique<Inbox>(std::string{tenant}, std::string{name});
  return *inbox;
}

std::vector<Inbox*> Inboxes::all() const {
  const ReaderLock lock(mutex_);
  std::vector<Inbox*> inboxes;
  inboxes.reserve(by_prefix_.size());
  for (const auto& [prefix, inbox] : by_prefix_) inboxes.push_back(inbox.get());
  return inboxes;
}

std::uint64_t Inboxes::unacknowledged() const {
  const ReaderLock lock(mutex_);
  std::uint64_t total = 0;
  for (const auto& [prefix, inbox] : by_prefix_) total += inbox->count();
  return total;
}

}  // namespace triggers::store

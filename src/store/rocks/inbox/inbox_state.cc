#include "store/rocks/inbox/inbox_state.h"

#include <utility>

#include "store/rocks/format/layout.h"

namespace triggers::store {
namespace {

/// The count, and the head.
constexpr std::size_t meta_bytes = 8 + 16;

}  // namespace

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

std::string InboxState::encode_meta() const {
  std::string bytes;
  bytes.reserve(meta_bytes);
  layout::append_u64(bytes, staged.count);
  bytes.append(head().view());
  return bytes;
}

std::optional<std::uint64_t> InboxState::decode_count(std::string_view bytes) {
  if (bytes.size() != meta_bytes) return std::nullopt;
  return layout::read_u64(bytes.substr(0, 8));
}

bool InboxState::decode_meta(std::string_view bytes) {
  const auto stored = decode_count(bytes);
  if (!stored) return false;
  staged.count = *stored;
  publish();
  raise_head(EventId::from_bytes(bytes.substr(8)));
  return true;
}

}  // namespace triggers::store

#include "store/rocks/inbox/tenants.h"

#include <utility>

#include "store/inbox_name.h"

namespace triggers::store {

TenantState::TenantState(std::string id) : default_(std::move(id), std::string{store::default_inbox}) {}

InboxState& TenantState::inbox(std::string_view name) {
  if (name == default_.name()) return default_;
  const MutexLock lock(mutex_);
  for (const auto& other : others_) {
    if (other->name() == name) return *other;
  }
  return *others_.emplace_back(std::make_unique<InboxState>(id(), std::string{name}));
}

void TenantState::list(std::vector<InboxState*>& inboxes) {
  inboxes.push_back(&default_);
  const MutexLock lock(mutex_);
  for (const auto& other : others_) inboxes.push_back(other.get());
}

std::uint64_t TenantState::unacknowledged() const {
  const MutexLock lock(mutex_);
  std::uint64_t total = default_.count();
  for (const auto& other : others_) total += other->count();
  return total;
}

TenantState& Tenants::get(std::string_view id) {
  {
    const ReaderLock lock(mutex_);
    if (const auto found = by_id_.find(id); found != by_id_.end()) return *found->second;
  }
  auto made = std::make_unique<TenantState>(std::string{id});
  const std::string_view key = made->id();
  const WriterLock lock(mutex_);
  // Another thread may have made it meanwhile.
  return *by_id_.try_emplace(key, std::move(made)).first->second;
}

std::vector<InboxState*> Tenants::inboxes() const {
  const ReaderLock lock(mutex_);
  std::vector<InboxState*> inboxes;
  inboxes.reserve(by_id_.size());
  for (const auto& [id, tenant] : by_id_) tenant->list(inboxes);
  return inboxes;
}

std::uint64_t Tenants::unacknowledged() const {
  const ReaderLock lock(mutex_);
  std::uint64_t total = 0;
  for (const auto& [id, tenant] : by_id_) total += tenant->unacknowledged();
  return total;
}

}  // namespace triggers::store

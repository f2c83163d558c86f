#include "store/rocks/inbox/tenants.h"

#include <algorithm>
#include <utility>

#include "store/rocks/format/layout.h"

namespace triggers::store {

TenantState::TenantState(std::string id)
    : default_(std::make_shared<InboxState>(std::move(id), layout::inbox_place(0))) {}

std::shared_ptr<const Roster> TenantState::roster() const {
  const ReaderLock lock(mutex_);
  return roster_;
}

std::shared_ptr<InboxState> TenantState::find(const InboxName& name) const {
  if (name.is_default()) return default_;
  const auto inboxes = roster();
  const RosterEntry* const entry = inboxes ? inboxes->find(name) : nullptr;
  return entry != nullptr ? entry->state : nullptr;
}

std::uint64_t TenantState::number_of(const InboxName& name) const {
  const auto inboxes = roster();
  const RosterEntry* const entry = inboxes ? inboxes->find(name) : nullptr;
  return entry != nullptr ? entry->tag.number : 0;
}

void TenantState::publish() {
  const WriterLock lock(mutex_);
  roster_ = staged_;
}

TenantState& Tenants::get(std::string_view id) {
  if (TenantState* const found = find(id)) return *found;
  auto made = std::make_unique<TenantState>(std::string{id});
  const std::string_view key = made->id();
  const WriterLock lock(mutex_);
  // Another thread may have made it meanwhile.
  return *by_id_.try_emplace(key, std::move(made)).first->second;
}

TenantState* Tenants::find(std::string_view id) const {
  const ReaderLock lock(mutex_);
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second.get();
}

void Tenants::publish(TenantState& tenant) {
  tenant.publish();
  if (tenant.staged_roster()) any_roster_.store(true, std::memory_order_release);
}

Tenants::Inboxes Tenants::inboxes() const {
  const ReaderLock lock(mutex_);
  Inboxes all;
  all.defaults.reserve(by_id_.size());
  for (const auto& [id, tenant] : by_id_) {
    all.defaults.push_back(&tenant->default_inbox());
    if (auto roster = tenant->roster()) all.rosters.push_back(std::move(roster));
  }
  return all;
}

std::uint64_t Tenants::unacknowledged() const {
  const ReaderLock lock(mutex_);
  std::uint64_t total = 0;
  for (const auto& [id, tenant] : by_id_) total += tenant->default_inbox().count();
  return total;
}

void Tenants::add_leaving(std::shared_ptr<InboxState> inbox) {
  const WriterLock lock(mutex_);
  leaving_.push_back(std::move(inbox));
}

void Tenants::reserve_leaving(std::size_t count) {
  const WriterLock lock(mutex_);
  leaving_.reserve(leaving_.size() + count);
}

void Tenants::remove_leaving(const InboxState& inbox) {
  const WriterLock lock(mutex_);
  std::erase_if(leaving_, [&](const auto& other) { return other.get() == &inbox; });
}

std::vector<std::shared_ptr<InboxState>> Tenants::leaving() const {
  const ReaderLock lock(mutex_);
  return leaving_;
}

}  // namespace triggers::store

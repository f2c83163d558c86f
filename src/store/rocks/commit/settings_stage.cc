#include "store/rocks/commit/settings_stage.h"

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <utility>

#include "store/rocks/format/layout.h"

namespace triggers::store {

void SettingsStage::begin() noexcept {
  stored_number_ = last_number_;
  changed_.clear();
  removed_.clear();
  undo_.clear();
}

void SettingsStage::stage(SettingsOperation& operation, TenantState& tenant) {
  operation.outdated = operation.outdated || tenant.staged_roster() != operation.before;
  if (operation.outdated) return;
  undo_.push_back({&tenant, operation.before, last_number_, changed_.size(), removed_.size()});
  changed_.push_back(&tenant);
  auto* const meta = staging_.database.family(Family::meta);
  if (operation.value) {
    staging_.batch.Put(meta, operation.key, *operation.value);
  } else {
    staging_.batch.Delete(meta, operation.key);
  }
  if (operation.new_number > last_number_) {
    // Numbers are taken before they get here, so they may come in another order.
    last_number_ = operation.new_number;
    std::string number;
    layout::append_u64(number, last_number_);
    staging_.batch.Put(meta, std::string{layout::inbox_number_key}, number);
  }
  if (operation.removed) {
    removed_.push_back(operation.removed);
    tenants_.reserve_leaving(removed_.size());  // publish() must not fail.
    staging_.batch.Put(meta, layout::leaving_key(tenant.id(), operation.removed->name()), rocksdb::Slice());
  }
  apply_rules(tenant, operation.after);
  tenant.stage(operation.after);
}

void SettingsStage::apply_rules(const TenantState& tenant, const std::shared_ptr<const Roster>& after) {
  const auto apply = [this](InboxState& inbox, const inbox::Rules& rules) {
    if (inbox.index() == nullptr || inbox.index()->rules() == rules) return;
    staging_.inboxes.change(inbox);
    inbox.index()->set_rules(rules);
  };
  if (!after) return apply(tenant.default_inbox(), inbox::Rules());
  for (const RosterEntry& entry : after->entries()) apply(*entry.state, entry.rules);
}

void SettingsStage::undo() noexcept {
  for (; !undo_.empty(); undo_.pop_back()) {
    Undo& last = undo_.back();
    last.tenant->stage(std::move(last.before));
    last_number_ = last.last_number;
    changed_.resize(std::min(changed_.size(), last.changed));
    removed_.resize(std::min(removed_.size(), last.removed));
  }
}

void SettingsStage::publish() {
  for (TenantState* tenant : changed_) tenants_.publish(*tenant);
  for (auto& inbox : removed_) tenants_.add_leaving(std::move(inbox));
}

void SettingsStage::discard() noexcept {
  for (TenantState* tenant : changed_) tenant->discard();
  last_number_ = stored_number_;
}

}  // namespace triggers::store

// The part of entry_stage.h that jobs use: purges, and replays, which put an event into an inbox again.

#include <utility>

#include "store/rocks/commit/entry_stage.h"
#include "store/rocks/format/layout.h"

namespace triggers::store {

Result<bool> EntryStage::purge(const TargetInbox& target, const EventId& id) {
  InboxState& inbox = target.state;
  const auto known = know(inbox, id);
  if (!known) return known.error();
  if (!known->is_pending || !inbox::purge(known->record, target.rules, staging_.id_now)) return false;
  if (auto removed = remove(inbox, id, *known); !removed) return removed.error();
  staging_.holders.left_by_itself(inbox.tenant(), id);
  return true;
}

Result<std::optional<Holding>> EntryStage::find_holding(TenantState& tenant, const EventId& id) {
  using Found = std::optional<Holding>;
  const std::string key = layout::event_key(tenant.id(), id);
  if (staging_.holders.is_erased(key)) return Found{};
  const auto stored = staging_.holders.find(key);
  if (!stored) return stored.error();
  Holding holding;
  if (*stored) {
    holding = **stored;
  } else {
    const auto at = table_.acknowledged_at(tenant.default_inbox(), id);
    if (!at) return at.error();
    if (*at) {
      holding.freed_at = **at;
    } else {
      const auto known = know(tenant.default_inbox(), id);
      if (!known) return known.error();
      if (!known->record.entry) return Found{};
      holding.count = 1;
    }
  }
  const bool freed = holding.count == 0;
  if (freed && config_.retention_now && config_.retention_now() - holding.freed_at >= config_.event_ttl) return Found{};
  return Found{holding};
}

Result<EntryStage::PutAgain> EntryStage::put_again(TenantState& tenant, const TargetInbox& target, const EventId& id,
                                                   const std::string& pending_value) {
  InboxState& inbox = target.state;
  const auto known = know(inbox, id);
  if (!known) return known.error();
  auto again = inbox::replay(known->record, staging_.id_now);
  if (!again) return PutAgain::unneeded;
  const auto holding = find_holding(tenant, id);
  if (!holding) return holding.error();
  if (!*holding) return PutAgain::unneeded;
  const bool is_tracked = id <= inbox.fresh_after();
  if (is_tracked && tracked_.room(tenant, 1) == 0) return PutAgain::no_room;
  const UnixMillis retention_now = config_.retention_now ? config_.retention_now() : staging_.now;
  if (inbox::expire(*again, id.time(), target.rules, staging_.id_now, retention_now)) return PutAgain::too_old;
  if (&inbox == &tenant.default_inbox()) {
    if (auto forgotten = forget_acknowledged_at(inbox, id); !forgotten) return forgotten.error();
  }
  if (is_tracked) tracked_.add(tenant, 1);
  staging_.holders.entered(inbox.tenant(), id, **holding);
  enter(target, id, pending_value);
  return PutAgain::done;
}

Status EntryStage::forget_acknowledged_at(InboxState& in_default, const EventId& id) {
  const auto at = table_.acknowledged_at(in_default, id);
  if (!at) return at.error();
  if (!*at) return Done{};
  const auto trace = table_.trace(in_default, id);
  if (!trace) return trace.error();
  table_.remove_acknowledged_at(in_default, id);
  // Later acknowledgements leave a trace, so one that is there is of the last.
  if (!*trace) table_.put_trace(in_default, id, {.at = **at});
  return Done{};
}

void EntryStage::enter(const TargetInbox& target, const EventId& id, const std::string& pending_value) {
  InboxState& inbox = target.state;
  auto& staged = staging_.inboxes.change(inbox);
  // Without an index, fresh_after() is what leases read from: what is not behind it needs a record.
  const bool is_indexed = inbox.index() != nullptr || id <= inbox.fresh_after();
  if (is_indexed && staging_.inboxes.index(inbox, target.rules).accept(id)) {
    table_.put_entry(inbox, id, inbox::Entry{.since = staging_.id_now});
  }
  inbox.lower_head(id);
  table_.put_pending(inbox, id, pending_value);
  ++staged.count;
  staged.first.reset();
  staged.head_changed = true;
  staged.gained = true;
}

}  // namespace triggers::store

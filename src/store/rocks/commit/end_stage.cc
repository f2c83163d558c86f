#include "store/rocks/commit/end_stage.h"

#include <utility>

#include "base/invariant.h"

namespace triggers::store {
namespace {

bool is_due(const std::optional<UnixMillis>& at, UnixMillis now) { return at && *at <= now; }

}  // namespace

bool EndStage::end_leases(InboxState& inbox, std::size_t limit) {
  if (inbox.index() == nullptr || !is_due(inbox.index()->next_due(), staging_.id_now)) return true;
  auto& staged = staging_.inboxes.change(inbox);
  auto& index = *inbox.index();
  for (const inbox::Ended& ended : index.advance(staging_.id_now, limit)) {
    ++staging_.stats.ended;
    if (ended.was_leased) ++staging_.stats.leases_timed_out;
    if (ended.what == inbox::Ended::What::died) {
      bury(inbox, ended.id);
    } else {
      staged.gained = true;  // That needs no write: the record has the end.
    }
  }
  return !is_due(index.next_due(), staging_.id_now);
}

void EndStage::bury(InboxState& inbox, const EventId& id) {
  const auto known = inbox.index()->find(id);
  INVARIANT(known && known->entry.state == inbox::EntryState::dead, "an entry that has died is not dead");
  inbox::Entry entry = known->entry;
  if (known->failed) {
    // Without a text that cannot be read, which is noted as damage: no lease of this inbox would come past the entry.
    if (auto failure = table_.last_failure(inbox, id)) entry.last_failure = *std::move(failure);
  }
  table_.put_entry(inbox, id, entry);
  table_.remove_pending(inbox, id);
  auto& staged = staging_.inboxes.change(inbox);
  --staged.count;
  staged.head_changed = true;
  ++staging_.stats.died;
}

bool EndStage::expire_dead(InboxState& inbox, UnixMillis retention_now) {
  if (inbox.index() == nullptr || !is_due(inbox.index()->next_expiry(), retention_now)) return true;
  staging_.inboxes.change(inbox);
  auto& index = *inbox.index();
  for (const EventId& id : index.expire_dead(retention_now, ends_max)) {
    table_.remove_entry(inbox, id);
    staging_.holders.left_by_itself(inbox.tenant(), id);
  }
  return !is_due(index.next_expiry(), retention_now);
}

}  // namespace triggers::store

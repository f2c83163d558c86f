#include "store/rocks/commit/staged_inboxes.h"

#include <rocksdb/write_batch.h>

namespace triggers::store {

void StagedInboxes::begin() noexcept {
  touched_.clear();
  undo_.clear();
}

InboxState::Staged& StagedInboxes::change(InboxState& inbox) {
  // An operation usually changes one inbox many times, and all its changes are undone together.
  if (undo_.empty() || undo_.back().inbox != &inbox) undo_.push_back({&inbox, inbox.staged, touched_.size()});
  if (!inbox.staged.touched) {
    touched_.push_back(&inbox);
    inbox.staged.touched = true;
  }
  return inbox.staged;
}

void StagedInboxes::add(InboxState& inbox, const EventId& id) {
  InboxState::Staged& staged = change(inbox);
  if (staged.count++ > 0) return;
  staged.head_changed = true;
  staged.first = id;
}

void StagedInboxes::remove(InboxState& inbox) {
  InboxState::Staged& staged = change(inbox);
  --staged.count;
  staged.head_changed = true;
}

void StagedInboxes::undo() noexcept {
  for (; !undo_.empty(); undo_.pop_back()) {
    const Undo& last = undo_.back();
    last.inbox->staged = last.before;
    touched_.resize(last.touched);
  }
}

void StagedInboxes::put(const Database& database, rocksdb::WriteBatch& batch) const {
  for (const InboxState* inbox : touched_) {
    batch.Put(database.family(Family::meta), inbox->meta_key(), inbox->encode_meta());
  }
}

void StagedInboxes::publish() {
  for (InboxState* inbox : touched_) inbox->publish();
}

void StagedInboxes::discard() noexcept {
  for (InboxState* inbox : touched_) inbox->discard();
}

}  // namespace triggers::store

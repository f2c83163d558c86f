#include "store/rocks/commit/staged_inboxes.h"

#include <rocksdb/write_batch.h>

#include <chrono>

#include "base/invariant.h"

namespace triggers::store {

void StagedInboxes::begin() noexcept {
  touched_.clear();
  undo_.clear();
}

InboxState::Staged& StagedInboxes::change(InboxState& inbox) {
  // An operation usually changes one inbox many times, and all its changes are undone together.
  const bool noted = !undo_.empty() && undo_.back().inbox == &inbox;
  if (noted && inbox.staged.touched) return inbox.staged;
  if (!noted) undo_.reserve(undo_.size() + 1);  // Nothing may fail between a journal's begin and its note.
  IndexMark mark;
  if (auto* const index = inbox.index()) mark = inbox.staged.touched ? index->mark() : index->begin();
  if (!noted) undo_.push_back({&inbox, inbox.staged, mark, touched_.size()});
  if (!inbox.staged.touched) {
    touched_.push_back({&inbox, mark, false});
    inbox.staged.touched = true;
  }
  return inbox.staged;
}

inbox::EntryIndex& StagedInboxes::index(InboxState& inbox, const inbox::Rules& rules) {
  change(inbox);
  if (auto* const index = inbox.index()) return *index;
  auto& index = inbox.make_index(rules);
  index.begin();
  return index;
}

void StagedInboxes::add(InboxState& inbox, const EventId& id) {
  InboxState::Staged& staged = change(inbox);
  if (auto* const index = inbox.index()) {
    const bool needs_record = index->accept(id);
    INVARIANT(!needs_record, "an inbox has an entry that is newer than a new event");
  }
  staged.gained = true;
  if (staged.count++ > 0) return;
  staged.head_changed = true;
  staged.first = id;
}

/// The journal stays open.
void StagedInboxes::put_back(InboxState& inbox, const IndexMark& mark) noexcept {
  if (!mark) return inbox.drop_index();
  inbox.index()->rollback(*mark);
}

void StagedInboxes::undo() noexcept {
  for (; !undo_.empty(); undo_.pop_back()) {
    const Undo& last = undo_.back();
    put_back(*last.inbox, last.index_before);
    if (!last.before.touched && last.index_before) last.inbox->index()->keep();
    last.inbox->staged = last.before;
    touched_.erase(touched_.begin() + static_cast<std::ptrdiff_t>(last.touched), touched_.end());
  }
}

void StagedInboxes::put(const Database& database, rocksdb::WriteBatch& batch) const {
  for (const auto& [inbox, index_before, gained] : touched_) {
    batch.Put(database.family(Family::meta), inbox->meta_key(), inbox->encode_meta());
  }
}

void StagedInboxes::publish(WatchedInboxes* watched) {
  for (Touched& touched : touched_) {
    if (auto* const index = touched.inbox->index()) index->keep();
    touched.gained = touched.inbox->publish();
  }
  if (watched == nullptr) return;
  // Between the changes and the question who watches: InboxState::add_watcher().
  std::atomic_thread_fence(std::memory_order_seq_cst);
  for (const Touched& touched : touched_) {
    const InboxState& inbox = *touched.inbox;
    if (!inbox.watched()) continue;
    watched->changed(inbox, inbox.available(), touched.gained, std::chrono::steady_clock::now());
  }
}

void StagedInboxes::discard() noexcept {
  for (const auto& [inbox, index_before, gained] : touched_) {
    put_back(*inbox, index_before);
    if (auto* const index = inbox->index()) index->keep();
    inbox->discard();
  }
}

}  // namespace triggers::store

#pragma once

// How a commit removes entries from an inbox: those that are acknowledged, and those that leave by themselves. What
// runs this stage is in group_commit.h.

#include <boost/unordered/unordered_flat_set.hpp>
#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/rocks/commit/operation.h"
#include "store/rocks/commit/staging.h"
#include "store/rocks/inbox/tenants.h"

namespace triggers::store {

/// Removes entries from inboxes, and notes when events were acknowledged. For the committer's thread.
class AcknowledgeStage {
 public:
  /// `staging` outlives this.
  explicit AcknowledgeStage(Staging& staging) : staging_(staging) {}

  /// Begins a new commit.
  void begin() noexcept;

  /// Answers the ids of the operation's part. An Error if a record that it needs cannot be read.
  Status stage(Operation& operation, TenantState& tenant);
  /// Removes the entries of the operation's part from the inbox of its `leave`, those that are there.
  Status stage_leaving(Operation& operation);

  /// keep() confirms what was staged so far; undo() forgets what was staged since the last keep(), except in the batch.
  void keep() noexcept { kept_ = removed_.size(); }
  void undo() noexcept;

 private:
  /// False if the inbox has no such entry.
  Result<bool> remove(InboxState& inbox, const EventId& id, Leaving how, rocksdb::PinnableSlice& value);
  Status stage_one(InboxState& inbox, const EventId& id, rocksdb::PinnableSlice& value, AckStatus& outcome);

  Staging& staging_;
  std::deque<std::string> removed_;  ///< Pending keys. A deque, because `removed_set_` views its elements.
  boost::unordered_flat_set<std::string_view> removed_set_;
  std::size_t kept_ = 0;
};

}  // namespace triggers::store

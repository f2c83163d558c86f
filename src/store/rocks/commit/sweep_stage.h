#pragma once

// How a commit removes events that no inbox has held for their time to live. Which may have come so far is found by
// upkeep/housekeeper.h.

#include <cstddef>
#include <string>

#include "store/rocks/commit/operation.h"
#include "store/rocks/commit/staging.h"

namespace triggers::store {

/// Removes the events of expiry entries. The committer decides, because an inbox may have taken an event again since
/// the housekeeper looked. For the committer's thread.
class SweepStage {
 public:
  /// `staging` outlives this.
  explicit SweepStage(Staging& staging) : staging_(staging) {}

  /// Does the operation's part. An event of which a record cannot be read stays.
  void stage(Operation& operation);

 private:
  void stage_one(const DueEvent& due, std::size_t& removed);
  void drop_wrong(const std::string& expiry_key, const std::string& event_key);

  Staging& staging_;
};

}  // namespace triggers::store

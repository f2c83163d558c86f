#pragma once

// Leases the oldest available entries of an inbox. Finding them is in candidates.h; what consumers do with what they
// hold is in entry_operations.h.

#include <optional>
#include <vector>

#include "store/dynamo/inbox/candidates.h"
#include "store/dynamo/inbox/entry_work.h"

namespace triggers::store::dynamo {

/// One lease. It writes a reminder of the lease, then the record of each entry: a conditional write for each, and one
/// for all. An entry that another lease takes first is left out, and the next one takes its place. For one coroutine.
class Leaser {
 public:
  /// `work` outlives it.
  Leaser(EntryWork& work, LeaseRequest request) : work_(work), request_(std::move(request)) {}

  Task<Result<Leased>> lease();

 private:
  /// Ends what is due, and reads what a lease must know. How many more entries may be leased in the inbox.
  Task<Result<std::size_t>> look_around();
  /// The entries of one round of writes.
  Task<Result<std::vector<Candidate>>> choose(Candidates& candidates);
  Task<Status> write_reminder(const std::vector<Candidate>& chosen);
  Task<void> take(Candidates& candidates, Candidate candidate);
  /// False: the entry is not this lease's. `candidate.seen` is then what is stored.
  Task<Result<bool>> try_to_take(Candidates& candidates, Candidate& candidate);
  Task<Result<Leased>> take_rounds(Candidates& candidates);
  [[nodiscard]] Leased answered();

  EntryWork& work_;
  const LeaseRequest request_;
  std::chrono::seconds duration_{};
  std::size_t limit_ = 0;
  /// Entries that the tenant may have leased. Without room, only those that were leased before are taken.
  std::uint64_t fresh_room_ = 0;
  bool no_room_ = false;  ///< There was one more.
  Leased answer_{};
  Reminder reminder_{};
  std::size_t bytes_ = 0;
  bool full_ = false;              ///< In bytes.
  std::optional<Error> failed_{};  ///< Of a write: nothing is tried any more.
};

}  // namespace triggers::store::dynamo

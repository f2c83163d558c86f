#pragma once

// Finds the available entries of an inbox, the oldest first, without reading what is leased, dead or has left. Leasing
// them is in leaser.h.

#include <deque>
#include <optional>
#include <string_view>
#include <vector>

#include "base/fair_budget.h"
#include "store/dynamo/inbox/entry_scan.h"
#include "store/dynamo/inbox/entry_work.h"
#include "store/dynamo/inbox/list_walk.h"

namespace triggers::store::dynamo {

/// An entry that was available when it was read.
struct Candidate {
  StoredEvent event{};
  StoredRecord seen{};
  [[nodiscard]] bool fresh() const noexcept { return seen.version == 0; }
};

/// The available entries in the order of their ids: those that came back, from their list, and fresh ones from the
/// front on. An available entry that it meets there and that has a record is taken, too, whether it is in the list or
/// not. Mends what it meets on the way. For one coroutine.
class Candidates {
 public:
  enum class For : std::uint8_t {
    lease,  ///< No other search of this node for a lease gets the same entries meanwhile.
    look,
  };
  /// `expected`: how many will probably be taken. What is read is added to `memory`, and stays there for what next()
  /// returns.
  Candidates(EntryWork& work, For purpose, std::size_t expected, FairBudget::Share& memory);
  Candidates(const Candidates&) = delete;
  Candidates& operator=(const Candidates&) = delete;
  ~Candidates();

  /// Call it first. Reads the beginning of both lists at the same time.
  Task<Status> begin();
  /// Nothing: there is no further one, or the search has taken its time.
  Task<Result<std::optional<Candidate>>> next();
  /// From now on, next() returns only what came back: of the entries that it has met already, those with a record.
  void only_back();
  /// The fresh candidate has a record now: this lease's, or that of somebody who was first.
  void has_record(const EventId& id);
  void met_another_node() { scan_.met_another_node(std::chrono::steady_clock::now()); }

 private:
  /// A fresh entry that was passed, and whether it turned out to have a record.
  struct Passed {
    EventId id{};
    bool has_record = false;
  };

  /// An entry behind the front.
  struct Met {
    StoredEntry entry{};
    StoredRecord seen{};  ///< Version 0: it has no record, or that was not read.
  };

  Task<Status> fill_back();
  Task<Status> fill_fresh();
  Task<Result<std::vector<Met>>> read_some();
  Task<Status> leave_out_held(std::vector<Met>& entries);
  Task<Result<bool>> is_available(const EventId& id, const StoredRecord& seen);
  Task<Status> add_fresh(std::vector<Met> entries);
  Task<Status> end_by_limit(EventId id, StoredRecord seen);

  [[nodiscard]] bool reserve(const EventId& id) { return purpose_ == For::look || scan_.reserve(id); }

  EntryWork& work_;
  const For purpose_;
  const std::size_t expected_;
  FairBudget::Share& memory_;
  const EventId settled_;
  LeaseFront::Scan scan_;
  std::optional<EntryScan> entries_{};
  std::deque<Candidate> back_{}, fresh_{};
  ListWalk walk_;
  bool more_fresh_ = true;
  std::vector<Passed> passed_{};
};

}  // namespace triggers::store::dynamo

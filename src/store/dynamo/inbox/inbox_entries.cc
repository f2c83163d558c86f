#include "store/dynamo/inbox/inbox_entries.h"

#include "store/dynamo/inbox/arrivals_look.h"
#include "store/dynamo/inbox/candidates.h"
#include "store/dynamo/inbox/dead_entries.h"
#include "store/dynamo/inbox/entry_operations.h"
#include "store/dynamo/inbox/entry_reader.h"
#include "store/dynamo/inbox/entry_upkeep.h"
#include "store/dynamo/inbox/leaser.h"

namespace triggers::store::dynamo {
namespace {

/// The contract allows 10 s; what has begun by then still ends.
constexpr std::chrono::milliseconds all_dead_for{8'000};

}  // namespace

Task<Result<Leased>> InboxEntries::lease(LeaseRequest request) {
  Leaser leaser(work_, std::move(request));
  auto leased = co_await leaser.lease();
  tell_readers();
  co_return leased;
}

Task<Result<InboxEntries::Results>> InboxEntries::acknowledge(std::optional<LeaseId> lease, std::optional<Ids> ids) {
  EntryOperations operations(work_);
  auto results = co_await operations.acknowledge(lease, std::move(ids));
  tell_readers();
  co_return results;
}

Task<Result<InboxEntries::Results>> InboxEntries::release(LeaseId lease, std::optional<Ids> ids,
                                                          std::chrono::seconds delay,
                                                          std::optional<std::string> error) {
  EntryOperations operations(work_);
  auto results = co_await operations.release(lease, std::move(ids), delay, std::move(error));
  tell_readers();
  co_return results;
}

Task<Result<Extended>> InboxEntries::extend(LeaseId lease, std::optional<Ids> ids, std::chrono::seconds duration) {
  EntryOperations operations(work_);
  co_return co_await operations.extend(lease, std::move(ids), duration);
}

Task<Result<InboxEntries::Results>> InboxEntries::requeue(Ids ids) {
  EntryOperations operations(work_);
  auto results = co_await operations.requeue(std::move(ids));
  tell_readers();
  co_return results;
}

Task<Result<InboxEntries::Results>> InboxEntries::discard(Ids ids) {
  EntryOperations operations(work_);
  co_return co_await operations.discard(std::move(ids));
}

Task<Result<DeadEntriesDone>> InboxEntries::requeue_all(std::optional<std::string> event_type) {
  DeadEntries dead(work_);
  auto done = co_await dead.all(DeadEntries::Do::requeue, std::move(event_type), all_dead_for);
  tell_readers();
  co_return done;
}

Task<Result<DeadEntriesDone>> InboxEntries::discard_all(std::optional<std::string> event_type) {
  DeadEntries dead(work_);
  auto done = co_await dead.all(DeadEntries::Do::discard, std::move(event_type), all_dead_for);
  tell_readers();
  co_return done;
}

Task<Result<EntryPage>> InboxEntries::entries(EntryQuery query) {
  EntryReader reader(work_);
  auto page = co_await reader.page(std::move(query));
  tell_readers();
  co_return page;
}

Task<Result<Continuation>> InboxEntries::entries_end() {
  EntryReader reader(work_);
  co_return co_await reader.end();
}

Task<Result<InboxView>> InboxEntries::view() {
  auto ended = co_await end_due(work_);
  if (!ended) co_return std::move(ended).error();
  auto front = co_await read_front(work_);
  if (!front) co_return std::move(front).error();
  auto counts = co_await work_.counts.read(place_);
  if (!counts) co_return std::move(counts).error();
  InboxView view{.inbox = place_.inbox, .counts = *counts};
  view.last_consumed_at = work_.state->last_consumed_at();
  FairBudget::Share memory;
  Candidates candidates(work_, Candidates::For::look, 1, memory);
  auto begun = co_await candidates.begin();
  if (!begun) co_return std::move(begun).error();
  auto oldest = co_await candidates.next();
  if (!oldest) co_return std::move(oldest).error();
  if (*oldest) view.oldest_available_at = (*oldest)->event.id.time();
  tell_readers();
  co_return view;
}

Task<Result<std::vector<std::optional<inbox::Record>>>> InboxEntries::records(Ids ids) {
  auto stored = co_await work_.records.stored(std::move(ids));
  if (!stored) co_return std::move(stored).error();
  std::vector<std::optional<inbox::Record>> records;
  records.reserve(stored->size());
  for (StoredRecord& one : *stored) {
    records.emplace_back();
    if (one.version != 0) records.back() = std::move(one.record);
  }
  co_return records;
}

Task<Result<bool>> InboxEntries::visit() {
  EntryUpkeep upkeep(work_);
  auto more = co_await upkeep.visit();
  tell_readers();
  co_return more;
}

Task<Status> InboxEntries::poll() {
  auto ended = co_await end_due(work_);
  if (!ended) co_return ended;
  auto found = co_await look_for_arrivals(work_);
  if (!found) co_return std::move(found).error();
  tell_readers(*found);
  co_return Done{};
}

/// `found`: how many others have made available.
void InboxEntries::tell_readers(std::size_t found) {
  const auto waiters = work_.state->waiters();
  if (!waiters) return;
  const std::size_t gained = work_.became_available() + found;
  const std::size_t known = work_.counts.known_available(place_);
  if (gained > 0) {
    waiters->became_available(std::max(known, gained));
  } else {
    waiters->now_available(known);
  }
}

}  // namespace triggers::store::dynamo

#include "store/rocks/upkeep/departures.h"

#include <rocksdb/options.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "base/sync_wait.h"
#include "store/rocks/inbox/pending_scan.h"

namespace triggers::store {
namespace {

constexpr std::size_t entries_a_turn = 256;
/// About what an id takes in the queue.
constexpr std::size_t id_bytes = 64;

Task<void> wait_for(CommitQueue& queue, Operation& operation) { co_await queue.submit(operation); }

}  // namespace

std::vector<Departures::Due> Departures::due() const {
  std::vector<Due> due;
  for (auto& inbox : tenants_.leaving()) due.push_back({std::move(inbox), UnixMillis::max(), true});
  const UnixMillis now = time_.now();
  for (const auto& roster : tenants_.inboxes().rosters) {
    for (const RosterEntry& entry : roster->entries()) {
      if (!entry.rules.retention || entry.state->count() == 0) continue;
      const UnixMillis until = now - *entry.rules.retention;
      // The head is not newer than the oldest entry. Once it is known, most inboxes cost no read.
      if (entry.state->head().id.time() <= until) due.push_back({entry.state, until});
    }
  }
  return due;
}

Status Departures::submit(const Due& due, LeaveOperation& leave) {
  const Tenant tenant{due.inbox->tenant()};
  leave.inbox = due.inbox;
  Operation operation;
  operation.kind = Operation::Kind::leave;
  operation.tenant = &tenant;
  operation.leave = &leave;
  operation.other_elements = leave.ids.size();
  operation.bytes = event_overhead_bytes + leave.ids.size() * id_bytes;
  sync_wait(wait_for(queue_, operation));
  if (operation.error) return *operation.error;
  return Done{};
}

Result<bool> Departures::forget(const Due& due) {
  LeaveOperation leave{.forget = true};
  if (auto submitted = submit(due, leave); !submitted) return submitted.error();
  return !leave.forgotten;
}

Result<bool> Departures::serve(const Due& due) {
  LeaveOperation leave;
  auto& ids = leave.ids;
  bool more = false;
  const InboxState::Head head = due.inbox->head();
  {
    PendingScan scan(database_, *due.inbox, {}, {.first = head.id}, 0);
    const auto leaves = [&] { return scan.valid() && scan.id().time() <= due.until; };
    for (; leaves() && ids.size() < entries_a_turn; scan.next()) ids.push_back(scan.id());
    if (auto status = scan.status(); !status) return status.error();
    more = leaves();
    if (ids.empty() && scan.valid()) due.inbox->raise_head(scan.id(), head.lowered);
  }
  if (ids.empty()) return due.removed ? forget(due) : Result<bool>(false);
  if (auto submitted = submit(due, leave); !submitted) return submitted.error();
  if (!due.removed) expired_.fetch_add(leave.left, std::memory_order_relaxed);
  due.inbox->raise_head(ids.back(), head.lowered);
  return more || due.removed;
}

Result<bool> Departures::run(std::chrono::steady_clock::time_point deadline) {
  std::vector<Due> waiting = due();
  if (waiting.empty()) return true;
  std::rotate(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(first_++ % waiting.size()), waiting.end());
  while (!waiting.empty()) {
    std::vector<Due> again;
    for (Due& due : waiting) {
      if (std::chrono::steady_clock::now() >= deadline) return false;
      const auto more = serve(due);
      if (!more) return more;
      if (*more) again.push_back(std::move(due));
    }
    waiting = std::move(again);
  }
  return true;
}

}  // namespace triggers::store

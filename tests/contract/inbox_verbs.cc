#include "contract/inbox_verbs.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/sync_wait.h"

namespace triggers::store::contract {

void InboxVerbs::pass(std::chrono::milliseconds time) {
  clock.advance(time);
  settle();
}

Leased InboxVerbs::lease(std::size_t limit, const InboxName& from) {
  return lease(LeaseRequest{.inbox = from, .limit = limit});
}

Leased InboxVerbs::lease(LeaseRequest request) {
  return sync_wait(inboxes().lease(tenant, std::move(request))).value();
}

Results InboxVerbs::acknowledge_by(const Leased& lease, std::optional<std::vector<EventId>> ids, const InboxName& in) {
  return sync_wait(inboxes().acknowledge(tenant, in, lease.lease, std::move(ids))).value();
}

Results InboxVerbs::acknowledge_in(const InboxName& inbox, std::vector<EventId> ids) {
  return sync_wait(inboxes().acknowledge(tenant, inbox, std::nullopt, std::move(ids))).value();
}

std::vector<EventId> ids_of(const Leased& leased) {
  std::vector<EventId> ids;
  for (const LeasedEvent& leased_event : leased.events) ids.push_back(leased_event.event.id);
  return ids;
}

std::vector<std::uint32_t> attempts_of(const Leased& leased) {
  std::vector<std::uint32_t> attempts;
  std::ranges::transform(leased.events, std::back_inserter(attempts), &LeasedEvent::attempt);
  return attempts;
}

std::vector<EntryStatus> statuses_of(const Results& results) {
  std::vector<EntryStatus> statuses;
  std::ranges::transform(results, std::back_inserter(statuses), &EntryResult::status);
  return statuses;
}

}  // namespace triggers::store::contract

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

PutInbox InboxVerbs::put(const InboxName& name, const inbox::Settings& settings, std::optional<InboxTag> if_match) {
  return sync_wait(inboxes().put_inbox(tenant, name, settings, if_match)).value();
}

InboxView InboxVerbs::view(const InboxName& name) { return sync_wait(inboxes().inbox(tenant, name)).value(); }

bool InboxVerbs::remove(const InboxName& name, std::optional<InboxTag> if_match) {
  return sync_wait(inboxes().remove_inbox(tenant, name, if_match)).value();
}

std::vector<InboxEntry> InboxVerbs::entries(const InboxName& of, std::optional<EntryState> state,
                                            std::size_t page_limit) {
  std::vector<InboxEntry> all_of_them;
  EntryQuery query{.inbox = of, .state = state, .limit = page_limit};
  for (;;) {
    EntryPage page = sync_wait(inboxes().entries(tenant, query)).value();
    EXPECT_LE(page.entries.size(), query.limit);
    std::ranges::move(page.entries, std::back_inserter(all_of_them));
    if (!page.has_more) return all_of_them;
    query.after = page.next_after;
  }
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

Results InboxVerbs::release(const Leased& lease, std::chrono::seconds delay, std::optional<std::string> error,
                            std::optional<std::vector<EventId>> ids, const InboxName& in) {
  return sync_wait(inboxes().release(tenant, in, lease.lease, std::move(ids), delay, std::move(error))).value();
}

Extended InboxVerbs::extend(const Leased& lease, std::chrono::seconds duration,
                            std::optional<std::vector<EventId>> ids) {
  return sync_wait(inboxes().extend(tenant, {}, lease.lease, std::move(ids), duration)).value();
}

Results InboxVerbs::requeue(std::vector<EventId> ids) {
  return sync_wait(inboxes().requeue(tenant, {}, std::move(ids))).value();
}

Results InboxVerbs::discard(std::vector<EventId> ids) {
  return sync_wait(inboxes().discard(tenant, {}, std::move(ids))).value();
}

std::uint64_t InboxVerbs::requeue_all(std::optional<std::string> event_type) {
  std::uint64_t count = 0;
  for (;;) {
    const DeadEntriesDone done = sync_wait(inboxes().requeue_all(tenant, {}, event_type)).value();
    count += done.count;
    if (!done.has_more) return count;
  }
}

std::uint64_t InboxVerbs::discard_all(std::optional<std::string> event_type) {
  std::uint64_t count = 0;
  for (;;) {
    const DeadEntriesDone done = sync_wait(inboxes().discard_all(tenant, {}, event_type)).value();
    count += done.count;
    if (!done.has_more) return count;
  }
}

Job InboxVerbs::purge(const InboxName& name) { return ended(name, sync_wait(inboxes().purge(tenant, name)).value()); }

Job InboxVerbs::replay(const ReplayRange& range, const InboxName& name) {
  return ended(name, sync_wait(inboxes().replay(tenant, name, range)).value());
}

Job InboxVerbs::ended(const InboxName& name, Job job) {
  while (job.state == Job::State::running) {
    settle();
    job = sync_wait(inboxes().job(tenant, name, job.id)).value().value();
  }
  EXPECT_EQ(job.state, Job::State::done);
  return job;
}

InboxName named(const std::string& text) { return InboxName::parse(text).value(); }

std::vector<EventId> ids_of(const std::vector<InboxEntry>& entries) {
  std::vector<EventId> ids;
  for (const InboxEntry& entry : entries) ids.push_back(entry.event.id);
  return ids;
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

Results all(const std::vector<EventId>& ids, EntryStatus status) {
  Results results;
  for (const EventId& id : ids) results.push_back({id, status});
  return results;
}

}  // namespace triggers::store::contract

// The part of memory_inbox.h that changes entries. Looking at them is in memory_inbox.cc.

#include <algorithm>
#include <utility>

#include "base/invariant.h"
#include "store/memory/memory_inbox.h"
#include "store/routes.h"

namespace triggers::store {

Result<Leased> OpenInbox::lease(const LeaseRequest& request, const LeaseId& lease) {
  Leased answer;
  answer.memory = FairBudget::Share(request.memory, tenant_.id);
  const std::size_t leased_now = counts().leased;
  if (leased_now >= config_.leased_max) {
    answer.outcome = Leased::Outcome::too_many_leased;
    return answer;
  }
  const std::size_t limit = std::min(request.limit, config_.leased_max - leased_now);
  const auto duration = request.duration.value_or(inbox_.record.settings.lease_duration);
  const std::uint64_t tracked_max = config_.tenant_limits.tracked_max;
  std::uint64_t tracked = account_.tracked();
  std::vector<std::pair<EventId, inbox::Record>> changed;
  std::size_t bytes = 0;
  for (const auto& [id, record] : inbox_.records) {
    if (changed.size() == limit) break;
    if (!record.entry) continue;
    auto entry = inbox::lease(*record.entry, lease, duration, rules_, now_.lease);
    if (!entry) continue;
    const bool has_no_room = id > inbox_.leased_to && tracked_max > 0 && ++tracked > tracked_max;
    if (has_no_room && changed.empty()) answer.outcome = Leased::Outcome::too_many_tracked;
    if (has_no_room) break;
    const StoredEvent& event = account_.event(id);
    bytes += event.bytes();
    if (!changed.empty() && bytes > request.bytes_max) break;
    if (!answer.memory.grow(event.bytes())) return no_memory_for_page();
    answer.events.push_back({event, entry->attempts});
    changed.emplace_back(id, record);
    changed.back().second.entry = std::move(entry);
  }
  if (changed.empty()) return answer;
  for (const auto& [id, record] : changed) store(id, record);
  inbox_.leased_to = std::max(inbox_.leased_to, changed.back().first);
  answer.outcome = Leased::Outcome::leased;
  answer.lease = lease;
  answer.until = now_.lease + duration;
  inbox_.last_consumed_at = now_.wall;
  return answer;
}

std::vector<EntryResult> OpenInbox::acknowledge(const std::optional<LeaseId>& lease,
                                                const std::optional<std::vector<EventId>>& ids) {
  INVARIANT(lease || ids, "an acknowledgement without a lease and without events");
  auto results = apply(ids ? *ids : held_by(*lease),
                       [&](const inbox::Record& record) { return inbox::acknowledge(record, lease, now_.lease); });
  for (const EntryResult& result : results) {
    if (result.status != EntryStatus::acknowledged) continue;
    inbox_.last_consumed_at = now_.wall;
    if (name_.is_default()) account_.set_acknowledged_at(result.id, now_.wall);
  }
  return results;
}

std::vector<EntryResult> OpenInbox::release(const LeaseId& lease, const std::optional<std::vector<EventId>>& ids,
                                            std::chrono::seconds delay, const std::optional<std::string>& error) {
  return apply(ids ? *ids : held_by(lease), [&](const inbox::Record& record) {
    return inbox::release(record, lease, delay, error, rules_, now_.lease);
  });
}

Extended OpenInbox::extend(const LeaseId& lease, const std::optional<std::vector<EventId>>& ids,
                           std::chrono::seconds duration) {
  Extended answer;
  answer.results = apply(ids ? *ids : held_by(lease), [&](const inbox::Record& record) {
    return inbox::extend(record, lease, duration, now_.lease);
  });
  const bool any =
      std::ranges::find(answer.results, EntryStatus::extended, &EntryResult::status) != answer.results.end();
  if (any) answer.until = now_.lease + duration;
  return answer;
}

std::vector<EntryResult> OpenInbox::requeue(const std::vector<EventId>& ids) {
  return apply(ids, [&](const inbox::Record& record) { return inbox::requeue(record, rules_, now_.lease); });
}

std::vector<EntryResult> OpenInbox::discard(const std::vector<EventId>& ids) {
  return apply(ids, [&](const inbox::Record& record) { return inbox::discard(record, rules_, now_.lease); });
}

std::vector<EventId> OpenInbox::dead(const std::optional<std::string>& event_type) const {
  std::vector<EventId> ids;
  for (const auto& [id, record] : inbox_.records) {
    if (!record.entry || record.entry->state != EntryState::dead) continue;
    if (!event_type || account_.event(id).event_type == *event_type) ids.push_back(id);
  }
  return ids;
}

Job OpenInbox::purge(const Uuid7& id) {
  Job job{.id = id, .kind = Job::Kind::purge, .started_at = now_.wall};
  std::vector<std::pair<EventId, inbox::Record>> changed;
  for (const auto& [event, record] : inbox_.records) {
    if (auto left = inbox::purge(record, rules_, now_.lease)) changed.emplace_back(event, *std::move(left));
  }
  for (const auto& [event, record] : changed) store(event, record);
  job.done = changed.size();
  return keep(std::move(job));
}

Result<Job> OpenInbox::replay(const Uuid7& id, const ReplayRange& range) {
  InboxRecord taker = inbox_.record;
  taker.settings.collect = true;
  const auto routes = Routes::make({taker});
  if (!routes) return routes.error();
  Job job{.id = id, .kind = Job::Kind::replay, .started_at = now_.wall};
  const UnixMillis until = range.until.value_or(UnixMillis::max());
  for (const EventId& event : account_.accepted_between(range.since, until, now_.wall)) {
    const StoredEvent& stored = account_.event(event);
    if (range.event_type && stored.event_type != *range.event_type) continue;
    const auto takers = routes->takers(filtered(stored));
    if (!takers) return takers.error();
    if (takers->any()) put_again(event, job);
  }
  return keep(std::move(job));
}

void OpenInbox::put_again(const EventId& id, Job& job) {
  const auto found = inbox_.records.find(id);
  const auto again = inbox::replay(found == inbox_.records.end() ? inbox::Record() : found->second, now_.lease);
  if (!again) return;
  if (inbox::expire(*again, id.time(), rules_, now_.lease, now_.wall)) {
    ++job.skipped_too_old;
    return;
  }
  store(id, *again);
  if (name_.is_default()) account_.set_acknowledged_at(id, std::nullopt);
  ++job.done;
}

Job OpenInbox::keep(Job job) {
  job.state = Job::State::done;
  job.ended_at = now_.wall;
  inbox_.jobs.push_back(job);
  if (inbox_.jobs.size() > jobs_per_inbox_max) inbox_.jobs.erase(inbox_.jobs.begin());
  return job;
}

std::optional<Job> OpenInbox::job(const Uuid7& id) const {
  const auto found = std::ranges::find(inbox_.jobs, id, &Job::id);
  if (found == inbox_.jobs.end() || now_.wall - *found->ended_at >= job_shown_for) return std::nullopt;
  return *found;
}

std::vector<EntryResult> OpenInbox::apply(const std::vector<EventId>& ids, const Operation& operation) {
  std::vector<EntryResult> results;
  for (const EventId& id : ids) {
    const auto found = inbox_.records.find(id);
    const inbox::Transition transition = operation(found == inbox_.records.end() ? inbox::Record() : found->second);
    if (transition.changed) store(id, *transition.changed);
    results.push_back({id, transition.status});
  }
  return results;
}

std::vector<EventId> OpenInbox::held_by(const LeaseId& lease) const {
  std::vector<EventId> ids;
  for (const auto& [id, record] : inbox_.records) {
    if (record.entry && inbox::holds(*record.entry, lease, now_.lease)) ids.push_back(id);
  }
  return ids;
}

}  // namespace triggers::store

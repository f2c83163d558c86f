#include "store/memory/memory_inbox.h"

#include <algorithm>
#include <ranges>
#include <utility>

#include "base/invariant.h"

namespace triggers::store {
namespace {

bool undelivered(const inbox::Record& record) { return record.entry && record.entry->state != EntryState::dead; }

/// The records with ids greater than `after`, or less than it, in the order of the page.
auto ascending(const std::map<EventId, inbox::Record>& records, const std::optional<EventId>& after) {
  return std::ranges::subrange(after ? records.upper_bound(*after) : records.begin(), records.end());
}
auto descending(const std::map<EventId, inbox::Record>& records, const std::optional<EventId>& after) {
  return std::ranges::subrange(records.begin(), after ? records.lower_bound(*after) : records.end()) |
         std::views::reverse;
}

}  // namespace

OpenInbox::OpenInbox(const MemoryConfig& config, const Tenant& tenant, const InboxName& name, MemoryAccount& account,
                     MemoryInbox& inbox, MemoryTime now)
    : config_(config),
      tenant_(tenant),
      name_(name),
      account_(account),
      inbox_(inbox),
      now_(now),
      rules_(inbox::Rules::of(inbox.settings)) {
  advance();
}

void OpenInbox::advance() {
  std::vector<std::pair<EventId, inbox::Record>> changed;
  for (const auto& [id, before] : inbox_.records) {
    inbox::Record record = before;
    if (record.entry) record.entry = inbox::settle(*record.entry, rules_.max_attempts, now_.lease);
    if (auto left = inbox::expire(record, id.time(), rules_, now_.lease, now_.wall)) record = *left;
    const auto& trace = record.acknowledgement;
    if (trace && now_.wall - trace->at >= config_.event_ttl) record.acknowledgement.reset();
    if (record != before) changed.emplace_back(id, std::move(record));
  }
  for (const auto& [id, record] : changed) store(id, record);
}

void OpenInbox::store(const EventId& id, const inbox::Record& record) {
  const auto before = inbox_.records.find(id);
  const bool had_entry = before != inbox_.records.end() && before->second.entry;
  if (record.empty()) {
    inbox_.records.erase(id);
  } else {
    inbox_.records[id] = record;
  }
  if (had_entry && !record.entry) account_.left_an_inbox(id, now_.wall);
}

inbox::Counts OpenInbox::counts() const {
  inbox::Counts counts;
  for (const auto& [id, record] : inbox_.records) {
    if (!record.entry) continue;
    switch (record.entry->state) {
      case EntryState::available: ++counts.available; break;
      case EntryState::leased: ++counts.leased; break;
      case EntryState::delayed: ++counts.delayed; break;
      case EntryState::dead: ++counts.dead; break;
    }
  }
  return counts;
}

Result<Page> OpenInbox::page(const PageQuery& query) const {
  std::optional<EventId> after;
  if (query.after) {
    after = id_of(*query.after);
    if (!after) return foreign_continuation();
  }
  Page page;
  page.memory = FairBudget::Share(query.memory, tenant_.id);
  page.total_unacknowledged = counts().undelivered();
  const auto filled = query.order == PageOrder::oldest_first ? fill(page, query, ascending(inbox_.records, after))
                                                             : fill(page, query, descending(inbox_.records, after));
  if (!filled) return filled.error();
  page.next_after = query.after;
  if (!page.events.empty()) page.next_after = continue_after(page.events.back().id);
  return page;
}

template <class Records>
Status OpenInbox::fill(Page& page, const PageQuery& query, Records records) const {
  for (const auto& [id, record] : records) {
    if (!undelivered(record)) continue;
    const StoredEvent& event = account_.event(id);
    if (query.event_type && event.event_type != *query.event_type) continue;
    page.has_more = page.events.size() == query.limit;
    if (page.has_more) break;
    if (!page.memory.grow(event.bytes())) return no_memory_for_page();
    page.events.push_back(event);
  }
  return Done{};
}

Result<Leased> OpenInbox::lease(const LeaseRequest& request, const LeaseId& lease) {
  Leased answer;
  answer.memory = FairBudget::Share(request.memory, tenant_.id);
  const std::size_t leased_now = counts().leased;
  if (leased_now >= config_.leased_max) {
    answer.outcome = Leased::Outcome::too_many_leased;
    return answer;
  }
  const std::size_t limit = std::min(request.limit, config_.leased_max - leased_now);
  const auto duration = request.duration.value_or(inbox_.settings.lease_duration);
  std::vector<std::pair<EventId, inbox::Record>> changed;
  std::size_t bytes = 0;
  for (const auto& [id, record] : inbox_.records) {
    if (changed.size() == limit) break;
    if (!record.entry) continue;
    auto entry = inbox::lease(*record.entry, lease, duration, rules_, now_.lease);
    if (!entry) continue;
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

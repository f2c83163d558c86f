#include "store/memory/memory_inbox.h"

#include <algorithm>
#include <ranges>
#include <utility>

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
      rules_(inbox::Rules::of(inbox.record.settings)) {
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

Continuation OpenInbox::entries_end() const {
  for (const auto& [id, record] : inbox_.records | std::views::reverse) {
    if (undelivered(record)) return continue_after(inbox_.record.number, id);
  }
  return continue_after(inbox_.record.number, EventId{});
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

InboxView OpenInbox::view() const {
  InboxView view{inbox_.record, counts()};
  const auto oldest = std::ranges::find_if(inbox_.records, [](const auto& entry) {
    return entry.second.entry && entry.second.entry->state == EntryState::available;
  });
  if (oldest != inbox_.records.end()) view.oldest_available_at = oldest->first.time();
  view.last_consumed_at = inbox_.last_consumed_at;
  return view;
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

Result<EntryPage> OpenInbox::entries(const EntryQuery& query) const {
  std::optional<EventId> after;
  if (query.after) {
    after = id_of(*query.after, inbox_.record.number);
    if (!after) return foreign_continuation();
  }
  EntryPage page;
  page.memory = FairBudget::Share(query.memory, tenant_.id);
  page.counts = counts();
  page.next_after = query.after;
  for (const auto& [id, record] : ascending(inbox_.records, after)) {
    if (query.state ? !record.entry || record.entry->state != *query.state : !undelivered(record)) continue;
    const StoredEvent& event = account_.event(id);
    if (query.event_type && event.event_type != *query.event_type) continue;
    page.has_more = page.entries.size() == query.limit;
    if (page.has_more) break;
    if (!page.memory.grow(event.bytes())) return no_memory_for_page();
    page.entries.push_back({event, record.entry->state, record.entry->attempts, record.entry->last_failure});
    page.next_after = continue_after(inbox_.record.number, id);
  }
  return page;
}

}  // namespace triggers::store

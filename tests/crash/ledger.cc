#include "crash/ledger.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "base/sync_wait.h"

namespace triggers::store {
namespace {

constexpr std::string_view payload_head = R"({"number":)";

/// The number in a payload that is whole.
std::optional<std::size_t> number_of(const std::string& payload) {
  if (!payload.starts_with(payload_head)) return std::nullopt;
  std::size_t number = 0;
  std::from_chars(payload.data() + payload_head.size(), payload.data() + payload.size(), number);
  return payload == Ledger::payload(number) ? std::optional{number} : std::nullopt;
}

std::string name(std::size_t number) { return "event " + std::to_string(number); }

}  // namespace

std::string Ledger::payload(std::size_t number) {
  // Of many sizes, so that a torn write can end in every part of a record.
  return std::string{payload_head} + std::to_string(number) + R"(,"filler":")" + std::string(number * 37 % 3'000, 'x') +
         R"("})";
}

std::size_t Ledger::send() {
  const MutexLock lock(mutex_);
  entries_[next_] = {};
  return next_++;
}

void Ledger::accepted(std::size_t number, const EventId& id) {
  const MutexLock lock(mutex_);
  entries_.at(number).id = id;
}

void Ledger::acknowledging(std::size_t number) {
  const MutexLock lock(mutex_);
  entries_.at(number).acknowledgement = Acknowledgement::sent;
}

void Ledger::acknowledged(std::size_t number) {
  const MutexLock lock(mutex_);
  entries_.at(number).acknowledgement = Acknowledgement::answered;
}

std::size_t Ledger::accepted_count() const {
  const MutexLock lock(mutex_);
  return static_cast<std::size_t>(
      std::ranges::count_if(entries_, [](const auto& entry) { return entry.second.id.has_value(); }));
}

std::optional<Ledger::Pending> Ledger::read_inbox(DefaultInbox& inbox, const Tenant& tenant,
                                                  std::vector<std::string>& wrong) const {
  Pending pending;
  std::set<EventId> ids;
  for (PageQuery query{.limit = 200};;) {
    const auto page = sync_wait(inbox.page(tenant, query));
    if (!page) {
      wrong.push_back("the inbox cannot be read: " + page.error().message);
      return std::nullopt;
    }
    for (const auto& event : page->events) {
      const auto number = number_of(event.payload);
      if (!ids.insert(event.id).second) wrong.push_back("an id is in the inbox twice: " + event.id.text());
      if (!number || !entries_.contains(*number)) {
        wrong.push_back("the inbox holds what nobody sent: " + event.id.text());
      } else if (!pending.emplace(*number, event.id).second) {
        wrong.push_back(name(*number) + " is in the inbox twice");
      }
    }
    if (!page->has_more) {
      if (page->total_unacknowledged == ids.size()) return pending;
      wrong.push_back("the count says " + std::to_string(page->total_unacknowledged) + " of " +
                      std::to_string(ids.size()));
      return pending;
    }
    query.after = page->next_after;
  }
}

void Ledger::check_entry(EventLog& log, const Tenant& tenant, std::size_t number, const Entry& entry,
                         std::optional<EventId> pending, std::vector<std::string>& wrong) {
  if (pending && *pending != *entry.id) wrong.push_back(name(number) + " has another id");
  if (pending && entry.acknowledgement == Acknowledgement::answered) {
    wrong.push_back(name(number) + " was acknowledged and is in the inbox");
  }
  if (!pending && entry.acknowledgement == Acknowledgement::none) {
    wrong.push_back(name(number) + " was accepted and is not in the inbox");
  }
  const auto event = sync_wait(log.get(tenant, *entry.id));
  if (!event || !*event) {
    wrong.push_back(name(number) + " was accepted and cannot be read");
    return;
  }
  if ((*event)->payload != payload(number)) wrong.push_back(name(number) + " is not as it was sent");
  if ((*event)->acknowledged_at.has_value() == pending.has_value())
    wrong.push_back(name(number) + " is half acknowledged");
}

std::vector<std::string> Ledger::check(EventLog& log, DefaultInbox& inbox, const Tenant& tenant) {
  const MutexLock lock(mutex_);
  std::vector<std::string> wrong;
  const auto held = read_inbox(inbox, tenant, wrong);
  if (!held) return wrong;
  for (auto at = entries_.begin(); at != entries_.end();) {
    auto& [number, entry] = *at;
    const auto found = held->find(number);
    const auto pending = found == held->end() ? std::nullopt : std::optional{found->second};
    if (!entry.id) entry.id = pending;  // Never answered: there or not, and from now on known.
    if (!entry.id) {
      at = entries_.erase(at);
      continue;
    }
    check_entry(log, tenant, number, entry, pending, wrong);
    entry.acknowledgement = pending ? Acknowledgement::none : Acknowledgement::answered;
    ++at;
  }
  return wrong;
}

}  // namespace triggers::store

#include "swarm/verify/inbox_check.h"

#include <fmt/format.h>

#include <algorithm>

#include "swarm/verify/service_json.h"

namespace triggers::swarm {
namespace {

constexpr std::size_t page_entries = 200;

Error unreadable(std::string message) { return Error{ErrorCode::unavailable, std::move(message)}; }

bool by_id(const ListedEntry& a, const ListedEntry& b) { return a.id < b.id; }

/// Adds what one client's inbox lists. False if there is no such inbox.
Result<bool> add_entries(BlockingClient& client, const std::string& inbox, const ListingLimits& limits,
                         std::vector<ListedEntry>& entries, InboxFaults& faults) {
  bool found = false;
  // In this order: an entry may become dead meanwhile, but a dead one does not become another.
  for (const char* const state : {"undelivered", "dead"}) {
    auto listed = read_entries(client, inbox, state, limits);
    if (!listed) return std::move(listed).error();
    if (!*listed) break;
    found = true;
    std::vector<ListedEntry>& page = **listed;
    std::sort(page.begin(), page.end(), by_id);
    for (std::size_t i = 1; i < page.size(); ++i) {
      if (page[i].id == page[i - 1].id) faults.doubled.push_back(page[i].id);
    }
    if (std::string_view{state} == "dead") faults.dead += page.size();
    entries.insert(entries.end(), page.begin(), page.end());
  }
  return found;
}

/// `leases`: all of one entry.
void compare(std::span<const JournaledLease> leases, const std::vector<ListedEntry>& entries, bool is_default,
             InboxFaults& faults) {
  const Uuid7& id = leases.front().event;
  const auto [from, to] = std::equal_range(entries.begin(), entries.end(), ListedEntry{.id = id}, by_id);
  const auto any = [&](bool JournaledLease::* flag) {
    return std::any_of(leases.begin(), leases.end(), [&](const JournaledLease& one) { return one.*flag; });
  };
  if (from == to) {
    if (!is_default && !any(&JournaledLease::maybe_acknowledged)) faults.lost.push_back(id);
    return;
  }
  if (!is_default && any(&JournaledLease::acknowledged)) faults.returned.push_back(id);
  // Several keys of one tenant list an entry several times, and it may have been leased again meanwhile.
  const auto most = std::max_element(from, to, [](const auto& a, const auto& b) { return a.attempts < b.attempts; });
  if (most->attempts < leases.back().attempt) faults.repeated.push_back(id);
}

}  // namespace

Result<std::optional<std::vector<ListedEntry>>> read_entries(BlockingClient& client, const std::string& inbox,
                                                             const std::string& state, const ListingLimits& limits) {
  const std::string base = fmt::format("/inboxes/{}/events?state={}&limit={}", inbox, state, page_entries);
  std::string path = base;
  std::vector<ListedEntry> entries;
  std::size_t empty_pages = 0;
  for (;;) {
    if (std::chrono::steady_clock::now() >= limits.deadline) {
      return unreadable(fmt::format("{} was not read to its end within --run-time", base));
    }
    auto reply = client.ask(http::Method::get, path);
    if (!reply) return std::move(reply).error();
    if (reply->status == 404) return std::optional<std::vector<ListedEntry>>{};
    const auto page = reply->status == 200 ? read_inbox_page(reply->body) : std::nullopt;
    if (!page)
      return unreadable(fmt::format("GET {} returned {}: {}", path, reply->status, reply->body.substr(0, 300)));
    empty_pages = page->events.empty() ? empty_pages + 1 : 0;
    for (const StoredEvent& one : page->events) entries.push_back({one.id, one.attempts.value_or(0)});
    if (page->next_cursor.empty()) return std::optional{std::move(entries)};
    if (entries.size() > limits.entries_max || empty_pages >= limits.empty_pages_max) {
      return unreadable(fmt::format("{} does not end: it has named a next page after {} events", base, entries.size()));
    }
    path = fmt::format("{}&cursor={}", base, page->next_cursor);
  }
}

Result<InboxFaults> check_inboxes(const LeaseLines& lines, std::span<BlockingClient* const> clients,
                                  const ListingLimits& limits) {
  InboxFaults faults;
  const auto& all = lines.leases;
  for (auto from = all.begin(); from != all.end();) {
    const auto inbox = from->inbox;
    const std::string& name = lines.inboxes[inbox];
    std::vector<ListedEntry> entries;
    bool found = false;
    for (BlockingClient* const client : clients) {
      auto added = add_entries(*client, name, limits, entries, faults);
      if (!added) return std::move(added).error();
      found = found || *added;
    }
    if (!found) return unreadable("no tenant of the keys has the inbox " + name + ", of which the journal has leases");
    std::sort(entries.begin(), entries.end(), by_id);
    while (from != all.end() && from->inbox == inbox) {
      const auto to = std::find_if(
          from, all.end(), [&](const JournaledLease& one) { return one.inbox != inbox || one.event != from->event; });
      compare({from, to}, entries, name == default_inbox, faults);
      from = to;
    }
  }
  return faults;
}

}  // namespace triggers::swarm

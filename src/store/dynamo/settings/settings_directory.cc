#include "store/dynamo/settings/settings_directory.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "log/log.h"
#include "store/dynamo/client/for_each_until.h"

namespace triggers::store::dynamo {
namespace {

using Known = SettingsDirectory::Known;

constexpr unsigned rounds_max = 64;
constexpr unsigned pause_max = 4;  ///< Doubled so often at most.

Error too_many_changes() { return {ErrorCode::overloaded, "too many changes of this tenant's inboxes at once"}; }

Result<Known> compile(StoredSettings stored) {
  auto inboxes = std::make_shared<TenantInboxes>();
  inboxes->version = stored.version;
  inboxes->managed_since = stored.managed_since;
  inboxes->records = std::move(stored.records);
  if (inboxes->managed()) {
    std::vector<InboxRecord> records;
    for (const auto& [name, record] : inboxes->records) {
      records.push_back(record);
      inboxes->numbers.push_back(record.number);
    }
    auto routes = Routes::make(records);
    if (!routes) return std::move(routes).error();
    inboxes->routes = *std::move(routes);
  }
  return Known{std::move(inboxes)};
}

}  // namespace

SettingsDirectory::SettingsDirectory(Table& table, const Clock& clock, SettingsConfig config)
    : table_(table), clock_(clock), config_(config) {}

std::shared_ptr<SettingsDirectory::Entry> SettingsDirectory::entry_of(const Tenant& tenant) {
  const MutexLock lock(mutex_);
  const auto found = by_tenant_.find(tenant.id);
  if (found != by_tenant_.end()) {
    entries_.splice(entries_.begin(), entries_, found->second);
    return entries_.front().entry;
  }
  entries_.push_front({std::make_shared<Entry>(tenant.id)});
  by_tenant_.emplace(entries_.front().entry->tenant.id, entries_.begin());
  while (entries_.size() > config_.tenants_max) erase(std::prev(entries_.end()));
  return entries_.front().entry;
}

void SettingsDirectory::erase(Entries::iterator kept) {
  bytes_ -= kept->bytes;
  by_tenant_.erase(kept->entry->tenant.id);
  entries_.erase(kept);
}

void SettingsDirectory::count_bytes(const Entry& entry, std::size_t bytes) {
  const MutexLock lock(mutex_);
  const auto found = by_tenant_.find(entry.tenant.id);
  if (found == by_tenant_.end() || found->second->entry.get() != &entry) return;
  bytes_ += bytes - found->second->bytes;
  found->second->bytes = bytes;
  while (bytes_ > config_.bytes_max && entries_.size() > 1) erase(std::prev(entries_.end()));
}

void SettingsDirectory::forget(const Tenant& tenant) {
  const MutexLock lock(mutex_);
  const auto found = by_tenant_.find(tenant.id);
  if (found != by_tenant_.end()) erase(found->second);
}

std::size_t SettingsDirectory::tenants() const {
  const MutexLock lock(mutex_);
  return entries_.size();
}

Task<Result<Known>> SettingsDirectory::of(const Tenant& tenant) {
  const std::shared_ptr<Entry> entry = entry_of(tenant);
  std::optional<std::uint64_t> begun_before;
  const auto until = std::chrono::steady_clock::now() + read_for;
  for (bool asked = false;; asked = true) {
    {
      const auto now = clock_.steady();
      const MutexLock lock(entry->mutex);
      entry->used_at = now;
      if (!begun_before) begun_before = entry->begun;
      const bool read_since = entry->read_by > *begun_before;
      if (entry->known && (read_since || now - entry->read_at < config_.age_max)) co_return entry->known;
    }
    if (asked && std::chrono::steady_clock::now() >= until) {
      co_return Error{ErrorCode::overloaded, "DynamoDB is too slow: the settings of inboxes were not read in time"};
    }
    auto renew_once = [this, entry] { return renew(entry); };
    auto done = co_await entry->reading.fly(std::move(renew_once));
    if (!done) co_return std::move(done).error();
  }
}

Task<Status> SettingsDirectory::renew(std::shared_ptr<Entry> entry) {
  const auto asked_at = clock_.steady();
  std::uint64_t number = 0;
  Known before;
  {
    const MutexLock lock(entry->mutex);
    number = ++entry->begun;
    before = entry->known;
  }
  Table table = table_.until(std::chrono::steady_clock::now() + read_for);
  SettingsItems items(table);
  Known now;
  const auto version = co_await items.version(entry->tenant);
  if (!version) co_return version.error();
  if (before && before->version == *version) {
    now = before;
  } else {
    StoredSettings stored;
    if (*version > 0) {
      auto read = co_await items.read(entry->tenant);
      if (!read) co_return std::move(read).error();
      stored = *std::move(read);
    } else {
      stored.records.emplace(InboxName{}, InboxRecord{});
    }
    auto compiled = compile(std::move(stored));
    if (!compiled) co_return std::move(compiled).error();
    now = *std::move(compiled);
    count_bytes(*entry, now->bytes());
  }
  const MutexLock lock(entry->mutex);
  entry->known = std::move(now);
  entry->read_at = asked_at;  // From before the reading: it is not older than this.
  entry->read_by = number;
  co_return Done{};
}

Task<void> SettingsDirectory::refresh() {
  std::vector<std::shared_ptr<Entry>> due;
  {
    const auto now = clock_.steady();
    const MutexLock lock(mutex_);
    for (const Kept& kept : entries_) {
      const MutexLock entry_lock(kept.entry->mutex);
      if (now - kept.entry->used_at >= config_.age_max) continue;
      if (now - kept.entry->read_at >= config_.age_max / 2) due.push_back(kept.entry);
    }
  }
  auto renew_it = [&](std::size_t i) {
    auto renew_once = [this, entry = due[i]] { return renew(entry); };
    return due[i]->reading.fly(std::move(renew_once));
  };
  const auto done =
      co_await for_each_until(due.size(), std::chrono::steady_clock::now() + config_.age_max, std::move(renew_it));
  // A request reads by itself what is still old.
  if (!done) log::warning("settings_not_read", {{"cause", done.error().message}});
}

Task<void> SettingsDirectory::settle(Table& table, const Tenant& tenant) {
  forget(tenant);
  co_await table.sleep(config_.change_wait);
  // For requests that follow. What fails is read when it is needed.
  const auto known = co_await of(tenant);
  static_cast<void>(known);
}

Task<Result<Known>> SettingsDirectory::manage(Table& table, const Tenant& tenant) {
  auto known = co_await of(tenant);
  if (!known || (*known)->managed()) co_return known;
  SettingsItems items(table);
  // False: another one has made the tenant managed meanwhile, and may not have answered yet.
  const StoredSettings none;
  SettingsWrite only_the_head;
  auto written = co_await items.write(tenant, none, std::move(only_the_head), clock_.now());
  if (!written) co_return std::move(written).error();
  co_await settle(table, tenant);
  co_return co_await of(tenant);
}

Task<Result<PutInbox>> SettingsDirectory::put(Table& table, const Tenant& tenant, const InboxName& name,
                                              const inbox::Settings& settings,
                                              const std::optional<InboxTag>& if_match) {
  Decide decide = [&](const StoredSettings& stored) {
    return put_inbox(stored.records, name, settings, if_match, stored.next_number, clock_.now());
  };
  co_return co_await decide_and_store(table, tenant, std::move(decide));
}

Task<Result<PutInbox>> SettingsDirectory::change(Table& table, const Tenant& tenant, const InboxName& name,
                                                 const SettingsChange& change,
                                                 const std::optional<InboxTag>& if_match) {
  Decide decide = [&](const StoredSettings& stored) {
    return change_inbox(stored.records, name, change, if_match, clock_.now());
  };
  co_return co_await decide_and_store(table, tenant, std::move(decide));
}

Task<Result<PutInbox>> SettingsDirectory::decide_and_store(Table& table, const Tenant& tenant, Decide decide) {
  SettingsItems items(table);
  bool again = true;
  for (unsigned round = 0; again && round < rounds_max; ++round) {
    auto stored = co_await items.read(tenant);
    if (!stored) co_return std::move(stored).error();
    auto decided = decide(*stored);
    if (!decided) co_return std::move(decided).error();
    bool written = !decided->routes;
    if (!written) {
      SettingsWrite write;
      write.put = decided->answer.inbox;
      auto done = co_await items.write(tenant, *stored, std::move(write), clock_.now());
      if (!done) co_return std::move(done).error();
      written = *done;
    }
    if (written) {
      // Settings that were the same already may be another one's change, which was not answered yet.
      const auto outcome = decided->answer.outcome;
      const bool holds = outcome == PutInbox::Outcome::created || outcome == PutInbox::Outcome::replaced;
      if (holds) co_await settle(table, tenant);
      co_return std::move(decided->answer);
    }
    again = co_await table.pause(std::min(round, pause_max), Table::within_default);
  }
  co_return too_many_changes();
}

Task<Result<std::optional<std::uint64_t>>> SettingsDirectory::remove(Table& table, const Tenant& tenant,
                                                                     const InboxName& name,
                                                                     const std::optional<InboxTag>& if_match) {
  SettingsItems items(table);
  bool again = true;
  for (unsigned round = 0; again && round < rounds_max; ++round) {
    auto stored = co_await items.read(tenant);
    if (!stored) co_return std::move(stored).error();
    const auto may = may_remove_inbox(stored->records, name, if_match);
    if (!may) co_return may.error();
    if (!*may) co_return std::optional<std::uint64_t>{};
    SettingsWrite write;
    write.removed = stored->records.at(name);
    const std::uint64_t number = write.removed->number;
    auto done = co_await items.write(tenant, *stored, std::move(write), clock_.now());
    if (!done) co_return std::move(done).error();
    if (*done) {
      co_await settle(table, tenant);
      co_return std::optional{number};
    }
    again = co_await table.pause(std::min(round, pause_max), Table::within_default);
  }
  co_return too_many_changes();
}

}  // namespace triggers::store::dynamo

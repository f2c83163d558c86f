#pragma once

// What the engine for tests keeps of one tenant: its log, and the entries of its inboxes. What consumers do with them
// is in memory_inbox.h.

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/uuid7.h"
#include "store/content.h"
#include "store/inbox_changes.h"
#include "store/inbox_entries.h"
#include "store/inbox_jobs.h"
#include "store/memory/memory_config.h"
#include "store/routes.h"
#include "store/waiters.h"

namespace triggers::store {

/// The times of one call.
struct MemoryTime {
  UnixMillis wall{};   ///< The clock's. Retention and time to live go by it.
  UnixMillis lease{};  ///< Leases and delays go by it. It never goes back, and never stands still.
};

/// One inbox of a tenant.
struct MemoryInbox {
  InboxRecord record{};
  std::map<EventId, inbox::Record> records{};  ///< None is empty().
  std::optional<UnixMillis> last_consumed_at{};
  EventId leased_to{};                      ///< No entry behind it was ever leased.
  std::vector<Job> jobs{};                  ///< Oldest first.
  std::shared_ptr<InboxWaiters> waiters{};  ///< Null until somebody waits.
  std::set<EventId> available{};            ///< When readers were last told.
};

/// One tenant. One thread at a time.
class MemoryAccount {
 public:
  explicit MemoryAccount(const MemoryConfig& config) : config_(config) {}

  Result<Appended> append(const IncomingEvent& event, UnixMillis now, Uuid7Generator& ids);
  [[nodiscard]] std::optional<StoredEvent> get(const EventId& id, UnixMillis now) const;
  /// Removes at most `events_max` events past their time to live; returns how many.
  std::size_t sweep(std::size_t events_max, UnixMillis now);

  /// Null if there is no such inbox. A pointer stays valid until the inbox is removed.
  [[nodiscard]] MemoryInbox* find(const InboxName& name);
  /// `number`: of an inbox that is made.
  Result<PutInbox> put_inbox(const InboxName& name, const inbox::Settings& settings,
                             const std::optional<InboxTag>& if_match, std::uint64_t number, UnixMillis now);
  Result<PutInbox> change_inbox(const InboxName& name, const SettingsChange& change,
                                const std::optional<InboxTag>& if_match, UnixMillis now);
  Result<bool> remove_inbox(const InboxName& name, const std::optional<InboxTag>& if_match, UnixMillis now);
  [[nodiscard]] const std::map<InboxName, MemoryInbox>& inboxes() const noexcept { return inboxes_; }
  /// What counts against TenantLimits::tracked_max.
  [[nodiscard]] std::size_t tracked() const;

  /// Tells the readers of each inbox what has become available since the last call.
  void tell_readers();

  /// An event of the log.
  [[nodiscard]] const StoredEvent& event(const EventId& id) const { return events_.at(id).event; }
  void set_acknowledged_at(const EventId& id, std::optional<UnixMillis> at);
  /// The events that get() would give of those that were accepted from `since` on and before `until`.
  [[nodiscard]] std::vector<EventId> accepted_between(UnixMillis since, UnixMillis until, UnixMillis now) const;
  /// Call after an inbox has lost its entry of the event.
  void left_an_inbox(const EventId& id, UnixMillis now);

 private:
  struct LoggedEvent {
    StoredEvent event;
    UnixMillis freed_at{};  ///< When no inbox had an entry of it any more. Counts only while none has.
  };
  /// What came with an idempotency key. It outlives the event.
  struct Replay {
    EventId id;
    event::Fingerprint fingerprint;
  };
  /// The events of one content: the first, whose duplicates later ones are, and the newest, by which the content is
  /// known when the first is past the window.
  struct Known {
    EventId first, newest;
  };

  [[nodiscard]] InboxRecords records() const;
  PutInbox store(InboxChange change);
  /// The inboxes that take the event, by their names' order.
  [[nodiscard]] Result<std::vector<MemoryInbox*>> takers(const IncomingEvent& event);
  [[nodiscard]] std::optional<StorageLimit> refuses(const IncomingEvent& event, std::size_t takers) const;
  [[nodiscard]] bool held(const EventId& id) const;
  [[nodiscard]] bool expired(const LoggedEvent& logged, UnixMillis now) const;
  [[nodiscard]] std::optional<Appended> known_by_key(const IncomingEvent& event, UnixMillis now) const;
  [[nodiscard]] std::optional<EventId> first_known(const ContentDigest& digest, UnixMillis now) const;

  const MemoryConfig& config_;
  std::map<EventId, LoggedEvent> events_;
  std::map<InboxName, MemoryInbox> inboxes_{{InboxName(), MemoryInbox()}};
  std::optional<Routes> routes_;  ///< Nothing: `default` alone takes everything.
  std::map<ContentDigest, Known> by_content_;
  std::map<std::string, Replay> by_idempotency_key_;
};

}  // namespace triggers::store

#pragma once

// Each tenant's inboxes and their settings: what a node keeps of them, for how long, and how they change. Their items
// are in settings_items.h.

#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/single_flight.h"
#include "store/dynamo/settings/settings_items.h"
#include "store/dynamo/settings/tenant_inboxes.h"
#include "store/inbox_changes.h"

namespace triggers::store::dynamo {

struct SettingsConfig {
  /// For so long after its reading began, a node uses what it has read.
  std::chrono::milliseconds age_max{1'000};
  /// A change is answered so long after it was stored. By then no node uses older settings for what it begins: longer
  /// than age_max, for clocks that run at different speeds.
  std::chrono::milliseconds change_wait{1'050};
  std::size_t tenants_max = 20'000;            ///< In memory; those that were used last.
  std::size_t bytes_max = 64UL * 1024 * 1024;  ///< Of what is kept of them.
};

/// Every node reads the version of an active tenant's settings once in age_max, and the rest only if the version has
/// changed. A change is stored in one transaction on the version, and answered change_wait later. So it applies to
/// everything that any node begins after the answer. What is in progress meanwhile may go either way. Any thread.
class SettingsDirectory {
 public:
  using Known = std::shared_ptr<const TenantInboxes>;
  /// One reading takes no longer, and a caller begins no further one later. Longer than one call, so that a DynamoDB
  /// that is silent is known as such.
  static constexpr std::chrono::seconds read_for{6};

  /// `table` is used for what concurrent requests share, and outlives this.
  SettingsDirectory(Table& table, const Clock& clock, SettingsConfig config);

  /// Never null. Read at most age_max ago, or in this call. Takes less than twice read_for, whatever DynamoDB does.
  Task<Result<Known>> of(const Tenant& tenant);
  /// As of(). A plain tenant becomes managed first, for ever.
  Task<Result<Known>> manage(Table& table, const Tenant& tenant);

  // Changes, through one request's table: put_inbox(), change_inbox() and may_remove_inbox() in store/inbox_changes.h.
  Task<Result<PutInbox>> put(Table& table, const Tenant& tenant, const InboxName& name, const inbox::Settings& settings,
                             const std::optional<InboxTag>& if_match);
  Task<Result<PutInbox>> change(Table& table, const Tenant& tenant, const InboxName& name, const SettingsChange& change,
                                const std::optional<InboxTag>& if_match);
  /// The number of the inbox that was removed; nothing: `if_match` is not its tag.
  Task<Result<std::optional<std::uint64_t>>> remove(Table& table, const Tenant& tenant, const InboxName& name,
                                                    const std::optional<InboxTag>& if_match);

  /// Forgets what it knows of a tenant, because something has shown that it is old.
  void forget(const Tenant& tenant);
  /// Reads again what is older than half of age_max and was used within it, so that requests need not wait. Call it
  /// twice in age_max.
  Task<void> refresh();
  [[nodiscard]] std::size_t tenants() const;

 private:
  using TimePoint = std::chrono::steady_clock::time_point;
  struct Entry {
    explicit Entry(std::string_view id) : tenant{std::string(id)} {}
    const Tenant tenant;
    SingleFlight reading;
    mutable Mutex mutex;
    Known known GUARDED_BY(mutex);
    TimePoint read_at GUARDED_BY(mutex){};  ///< When the reading of `known` began.
    TimePoint used_at GUARDED_BY(mutex){};
    std::uint64_t begun GUARDED_BY(mutex) = 0;    ///< Readings so far.
    std::uint64_t read_by GUARDED_BY(mutex) = 0;  ///< Which of them `known` is from. 0: none.
  };
  struct Kept {
    std::shared_ptr<Entry> entry;
    std::size_t bytes = 0;
  };
  using Entries = std::list<Kept>;
  using Decide = std::function<Result<InboxChange>(const StoredSettings&)>;

  std::shared_ptr<Entry> entry_of(const Tenant& tenant);
  Task<Status> renew(std::shared_ptr<Entry> entry);
  Task<Result<PutInbox>> decide_and_store(Table& table, const Tenant& tenant, Decide decide);
  /// Waits until no node uses what was before.
  Task<void> settle(Table& table, const Tenant& tenant);
  void count_bytes(const Entry& entry, std::size_t bytes);
  void erase(Entries::iterator kept) REQUIRES(mutex_);

  Table& table_;
  const Clock& clock_;
  const SettingsConfig config_;
  mutable Mutex mutex_;
  Entries entries_ GUARDED_BY(mutex_);  ///< Used last first.
  /// The keys are views of the tenants in entries_.
  std::unordered_map<std::string_view, Entries::iterator> by_tenant_ GUARDED_BY(mutex_);
  std::size_t bytes_ GUARDED_BY(mutex_) = 0;
};

}  // namespace triggers::store::dynamo

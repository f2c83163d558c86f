#pragma once

// The DynamoDB engine as a whole: the limit of calls in progress, the order of a batch, and whether DynamoDB serves. It
// passes each call on to a class of events/, settings/ or keys/, whose folders show how these work. A program calls its
// regular work: it writes counts, and tries a DynamoDB that failed. The configuration is in dynamo_config.h.

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "limit/shared_bucket.h"
#include "store/dynamo/client/caller.h"
#include "store/dynamo/dynamo_config.h"
#include "store/event_log.h"
#include "store/inbox_figures.h"
#include "store/inbox_store.h"
#include "store/key_store.h"
#include "store/status.h"

namespace triggers::store {

namespace dynamo {
struct StoreParts;
struct StoreRequest;
}  // namespace dynamo

/// Events and keys in two tables of DynamoDB, or of a database that speaks its protocol. Any number of nodes use the
/// same tables and share nothing else. docs/storage-format.md describes the items and their cost, docs/decisions/0020
/// to 0022 the reasons.
///
/// Besides the contract's errors, an append may fail with `too_large`: the event with its metadata is over 400 KB. The
/// order of ids is that of acceptance on one node; between nodes it is that of their clocks.
class DynamoStore final : public EventLog, public InboxStore, public KeyStore, public StoreStatus {
 public:
  /// Makes no call to DynamoDB. `caller` outlives the store.
  DynamoStore(DynamoStoreConfig config, dynamo::Caller& caller);
  ~DynamoStore() override;

  Task<Result<Appended>> append(const Tenant& tenant, IncomingEvent event) override;
  Task<std::vector<Result<Appended>>> append_batch(const Tenant& tenant, std::vector<IncomingEvent> events) override;
  Task<Result<Page>> page(const Tenant& tenant, PageQuery query) override;
  Task<Result<std::optional<StoredEvent>>> get(const Tenant& tenant, EventId id) override;
  Task<Result<std::vector<AckStatus>>> acknowledge(const Tenant& tenant, std::vector<EventId> ids) override;
  /// Not writable while the newest call to the events table, or the newest look-up of a key, found no table, or could
  /// not reach DynamoDB.
  [[nodiscard]] Health health() const override;
  /// `unacknowledged` counts the inboxes that this node has served; the oldest event is not known.
  [[nodiscard]] Metrics metrics() const override;

  /// Of the inboxes of managed tenants that this node has visited last; every inbox is visited every few minutes.
  [[nodiscard]] InboxTotals inbox_totals() const;
  /// The jobs that have ended on this node, and all that ran in the fleet a few seconds ago.
  [[nodiscard]] JobCounts jobs() const;

  // Inboxes; only with DynamoStoreConfig::inboxes.
  Task<Result<std::vector<InboxView>>> inboxes(const Tenant& tenant) override;
  Task<Result<InboxView>> inbox(const Tenant& tenant, InboxName name) override;
  Task<Result<PutInbox>> put_inbox(const Tenant& tenant, InboxName name, inbox::Settings settings,
                                   std::optional<InboxTag> if_match) override;
  Task<Result<PutInbox>> change_inbox(const Tenant& tenant, InboxName name, SettingsChange change,
                                      std::optional<InboxTag> if_match) override;
  Task<Result<bool>> remove_inbox(const Tenant& tenant, InboxName name, std::optional<InboxTag> if_match) override;
  Task<Result<Leased>> lease(const Tenant& tenant, LeaseRequest request) override;
  Task<Result<std::vector<EntryResult>>> acknowledge(const Tenant& tenant, InboxName inbox,
                                                     std::optional<LeaseId> lease,
                                                     std::optional<std::vector<EventId>> ids) override;
  Task<Result<std::vector<EntryResult>>> release(const Tenant& tenant, InboxName inbox, LeaseId lease,
                                                 std::optional<std::vector<EventId>> ids, std::chrono::seconds delay,
                                                 std::optional<std::string> error) override;
  Task<Result<Extended>> extend(const Tenant& tenant, InboxName inbox, LeaseId lease,
                                std::optional<std::vector<EventId>> ids, std::chrono::seconds duration) override;
  Task<Result<std::vector<EntryResult>>> requeue(const Tenant& tenant, InboxName inbox,
                                                 std::vector<EventId> ids) override;
  Task<Result<std::vector<EntryResult>>> discard(const Tenant& tenant, InboxName inbox,
                                                 std::vector<EventId> ids) override;
  Task<Result<DeadEntriesDone>> requeue_all(const Tenant& tenant, InboxName inbox,
                                            std::optional<std::string> event_type) override;
  Task<Result<DeadEntriesDone>> discard_all(const Tenant& tenant, InboxName inbox,
                                            std::optional<std::string> event_type) override;
  Task<Result<EntryPage>> entries(const Tenant& tenant, EntryQuery query) override;
  Task<Result<Continuation>> entries_end(const Tenant& tenant, InboxName inbox) override;
  Task<Result<std::shared_ptr<InboxWaiters>>> arrivals(const Tenant& tenant, InboxName inbox) override;
  [[nodiscard]] Waiters& waiters() noexcept override;
  Task<Result<Job>> purge(const Tenant& tenant, InboxName inbox) override;
  Task<Result<Job>> replay(const Tenant& tenant, InboxName inbox, ReplayRange range) override;
  Task<Result<std::optional<Job>>> job(const Tenant& tenant, InboxName inbox, Uuid7 id) override;

  Task<Status> create_key(auth::KeyRecord record) override;
  Task<Result<auth::KeyRecord>> update_key(std::string key_id, KeyChange change) override;
  Task<Result<std::optional<auth::KeyRecord>>> key_by_id(std::string key_id) override;
  Task<Result<std::optional<auth::KeyRecord>>> key_by_hash(auth::KeyHash hash) override;
  Task<Result<std::vector<auth::KeyRecord>>> list_keys(std::optional<std::string> user_id, std::string after_key_id,
                                                       std::size_t limit) override;
  Task<Status> touch_keys(std::vector<std::pair<std::string, UnixMillis>> last_used) override;
  Task<Result<std::string>> shared_secret() override;

  /// A slice of the bucket that all nodes share: see RateBudget.
  Task<Result<limit::Grant>> take_slice(std::string key_id, std::uint32_t per_minute,
                                        std::function<std::uint32_t()> wanted);
  /// Adds waiting changes to the counts of inboxes. Call it every second, and with `everything` before the end.
  Task<void> flush_counts(bool everything);
  /// The same after each request, for a node that may be frozen until the next one: see dynamo::Counts.
  Task<void> flush_counts_spaced();
  /// Reads the settings of active tenants again before they are too old, so that requests need not wait for them. Call
  /// it twice a second.
  Task<void> refresh_settings();
  /// Looks what other nodes and time have made available in the inboxes that readers of this node wait for, and wakes
  /// them. A failure is left to the readers' own looks. Call it twice a second, one call at a time.
  Task<void> poll_arrivals();
  /// Does a part of the regular work for the whole fleet: jobs, retention, removed inboxes, events that expire. Takes a
  /// few seconds at most. Call it every second, one call at a time.
  Task<Status> visit_fleet();
  /// For tests, instead of visit_fleet(): all of it that is due.
  Task<Status> settle_fleet();
  /// If the newest call failed, checks whether DynamoDB serves again, so that a node without requests recovers too.
  /// Call it every second.
  Task<void> probe_if_troubled();

 private:
  using Parts = dynamo::StoreParts;
  using Request = dynamo::StoreRequest;
  struct Batch;

  Task<Result<Appended>> append_one(Request& request, const Tenant& tenant, const IncomingEvent& event,
                                    Result<EventId> id);
  /// Appends the event at place `i`, after those before it that may be equal to it.
  Task<void> append_in_turn(Batch& batch, std::size_t i);
  Task<Result<EventId>> new_id();

  using Acknowledgements = std::vector<AckStatus>;
  /// Those of a plain tenant. It fills `managed` with the places of ids that it has left alone, because the tenant
  /// became managed meanwhile.
  Task<Result<Acknowledgements>> acknowledge_plain(const Tenant& tenant, const std::vector<EventId>& ids,
                                                   std::vector<std::size_t>& managed);
  Task<Result<Acknowledgements>> acknowledge_managed(const Tenant& tenant, std::vector<EventId> ids);
  Task<Result<bool>> is_managed(const Tenant& tenant);
  Task<Result<Page>> managed_page(Request& request, const Tenant& tenant, const PageQuery& query);
  /// No inbox has the event of the log any more, since event_ttl or longer.
  Task<Result<bool>> has_expired(Request& request, const Tenant& tenant, EventId id);
  /// Sets acknowledged_at by what `default` knows of the event.
  Task<Status> add_acknowledgement(Request& request, const Tenant& tenant, StoredEvent& event, bool pending);

  /// What a call does to an inbox.
  enum class Use : std::uint8_t {
    looks,
    changes,  ///< The tenant is managed from then on.
  };
  /// Lets `work` (Request&, const InboxRecord& -> Task<Result<Answer>>) do one call, which makes `calls` calls to
  /// DynamoDB at once.
  template <class Answer, class Work>
  Task<Result<Answer>> with_inbox(const Tenant& tenant, InboxName name, Use use, std::size_t calls, Work work);
  /// The same for `work` (InboxEntries& -> Task<Result<Answer>>).
  template <class Answer, class Work>
  Task<Result<Answer>> on_inbox(const Tenant& tenant, InboxName name, Use use, std::size_t calls, Work work);
  Task<Status> poll_inbox(Tenant tenant, std::uint64_t number);

  /// Notes whether DynamoDB serves us.
  void note(const Error* error);
  void note(const Request& request, const Error* error);

  const DynamoStoreConfig config_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace triggers::store

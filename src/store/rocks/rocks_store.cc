#include "store/rocks/rocks_store.h"

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <iterator>

#include "base/random.h"
#include "store/rocks/appender.h"
#include "store/rocks/database/database.h"
#include "store/rocks/database/stored_record.h"
#include "store/rocks/event_router.h"
#include "store/rocks/format/event_record.h"
#include "store/rocks/format/layout.h"
#include "store/rocks/format/slice_view.h"
#include "store/rocks/inbox/holders.h"
#include "store/rocks/inbox/job_board.h"
#include "store/rocks/inbox/restore.h"
#include "store/rocks/inbox/routes_cache.h"
#include "store/rocks/inbox/settings_table.h"
#include "store/rocks/inbox/stored_bytes_table.h"
#include "store/rocks/inbox/tenants.h"
#include "store/rocks/inbox/watched_inboxes.h"
#include "store/rocks/inbox_admin.h"
#include "store/rocks/key_table.h"
#include "store/rocks/read/page_reader.h"
#include "store/rocks/read/reader_pool.h"
#include "store/rocks/rocks_inboxes.h"
#include "store/rocks/rocks_jobs.h"
#include "store/rocks/upkeep/housekeeper.h"
#include "store/rocks/upkeep/job_runner.h"

namespace triggers::store {
namespace {

constexpr std::size_t backups_waiting_max = 8;  // Of one user at most half: four.
/// A list of keys is read in pieces: each record is parsed, and a thousand of them would hold up other tenants' reads.
constexpr std::size_t keys_a_turn = 50;
/// A page with more than this is read at low priority: 8 MiB take many milliseconds of a processor.
constexpr std::size_t page_bytes_at_once = 256 * 1024;
/// The user in whose turn reads without a tenant run, such as the look-up of a key. No tenant's name is empty.
constexpr std::string_view nobody;

/// The seed of the hashes in keys, made when the store is.
Result<layout::HashSeed> load_hash_seed(Database& database) {
  rocksdb::PinnableSlice value;
  const auto found = database.get(Family::meta, layout::hash_seed_key, value);
  if (!found) return found.error();
  if (*found && value.size() == layout::hash_seed_bytes) {
    return layout::HashSeed{layout::read_u64(view(value).substr(0, 8)), layout::read_u64(view(value).substr(8))};
  }
  if (*found) return Error{ErrorCode::unavailable, "the seed of the store's hashes cannot be read: restore a backup"};
  // Without one nothing has a hashed key yet.
  if (!database.health().writable) return layout::HashSeed{};
  const layout::HashSeed seed{random_u64(), random_u64()};
  std::string bytes;
  layout::append_u64(bytes, seed.a);
  layout::append_u64(bytes, seed.b);
  rocksdb::WriteBatch batch;
  batch.Put(database.family(Family::meta), std::string{layout::hash_seed_key}, bytes);
  if (auto written = database.write(batch); !written) return std::move(written).error();
  return seed;
}

AckStatus ack_status(const EntryResult& result) {
  if (result.status == EntryStatus::acknowledged) return AckStatus::acknowledged;
  return result.status == EntryStatus::already_acknowledged ? AckStatus::already_acknowledged : AckStatus::not_found;
}

class RocksStoreImpl final : public RocksStore {
 public:
  RocksStoreImpl(RocksConfig config, std::unique_ptr<IdTime> time, std::unique_ptr<Database> database,
                 std::unique_ptr<Tenants> tenants, std::unique_ptr<JobBoard> board, EventId last_id,
                 const layout::HashSeed& hash_seed, std::shared_ptr<std::atomic<UnixMillis>> traces_begin,
                 std::shared_ptr<StoredBytesByTenant> stored_bytes)
      : config_(std::move(config)),
        time_(std::move(time)),
        retention_(*config_.clock, config_.event_ttl,
                   last_id == EventId{} ? std::nullopt : std::optional{last_id.time()}),
        database_(std::move(database)),
        tenants_(std::move(tenants)),
        board_(std::move(board)),
        keys_(*database_),
        settings_(*database_),
        queue_(config_.commit),
        watched_(config_.waiters_max, [this] { queue_.ring(); }),
        readers_(config_.reader_threads, config_.reads_waiting_max, "reader"),
        searches_(1, config_.reads_waiting_max, "search", ReaderPool::Priority::low),
        backups_(1, backups_waiting_max, "backup", ReaderPool::Priority::normal,
                 "a backup is under way and others wait: try again when they have ended"),
        committer_(*database_, *tenants_, *board_, queue_, last_id,
                   {.dedup_window = config_.dedup_window,
                    .idempotency_window = config_.idempotency_window,
                    .clock = config_.clock,
                    .id_time = time_.get(),
                    .hash_seed = hash_seed,
                    .leased_max = config_.leased_max,
                    .tenant_limits = config_.tenant_limits,
                    .stored_bytes = std::move(stored_bytes),
                    .retention_now = [this] { return retention_.now(); },
                    .event_ttl = config_.event_ttl,
                    .watched = &watched_,
                    .observe = config_.on_commit}),
        housekeeper_(*database_, *tenants_, queue_, retention_, *time_,
                     {.event_ttl = config_.event_ttl,
                      .clock = config_.clock,
                      .traces_begin = std::move(traces_begin),
                      .counts_bytes = config_.tenant_limits.bytes_max > 0}),
        runner_(*database_, queue_, settings_, *board_, *config_.clock),
        router_(*tenants_, settings_, routes_, searches_),
        appender_(*database_, queue_, router_, searches_),
        inboxes_(settings_, *tenants_, queue_, routes_, *database_, readers_, searches_, *config_.clock),
        entries_(*database_, *tenants_, queue_, readers_, searches_, *time_, config_.filter_time_max),
        jobs_(*tenants_, queue_, *board_, runner_, *config_.clock) {
    if (!config_.background) return;
    housekeeper_.start();
    runner_.start();
    database_->start_file_checks();
  }

  // The committer runs until the queue is closed and empty; it is destroyed before the queue.
  ~RocksStoreImpl() override { queue_.close(); }

  Task<Result<Appended>> append(const Tenant& tenant, IncomingEvent event) override {
    return appender_.append(tenant, event);
  }
  Task<std::vector<Result<Appended>>> append_batch(const Tenant& tenant, std::vector<IncomingEvent> events) override {
    return appender_.append_batch(tenant, std::move(events));
  }

  Task<Result<Page>> page(const Tenant& tenant, PageQuery query) override {
    const auto name = InboxName::parse(query.inbox);
    const auto inbox = name ? tenants_->get(tenant.id).find(*name) : nullptr;
    if (!inbox) co_return Page{};
    PageLimits limits;
    limits.filter_time_max = config_.filter_time_max;
    if (!query.event_type) {
      // In a block of its own: the room that this page has is needed for the next.
      PageLimits first = limits;
      first.bytes_max = page_bytes_at_once;
      auto read = readers_.run(tenant.id, [&] { return read_page(*database_, *inbox, query, first); });
      auto page = co_await read;
      const bool ended_early = page && page->has_more && page->events.size() < query.limit;
      if (!ended_early) co_return page;
    }
    auto read = searches_.run(tenant.id, [&] { return read_page(*database_, *inbox, query, limits); });
    co_return co_await read;
  }

  Task<Result<std::optional<StoredEvent>>> get(const Tenant& tenant, EventId id) override {
    auto read = readers_.run(tenant.id, [&] { return read_event(tenant.id, id); });
    co_return co_await read;
  }

  Task<Result<std::vector<AckStatus>>> acknowledge(const Tenant& tenant, std::vector<EventId> ids) override {
    const auto results = co_await entries_.acknowledge(tenant, InboxName(), std::nullopt, std::move(ids));
    if (!results) co_return results.error();
    std::vector<AckStatus> statuses(results->size());
    std::ranges::transform(*results, statuses.begin(), ack_status);
    co_return statuses;
  }

  Task<Result<Leased>> lease(const Tenant& tenant, LeaseRequest request) override {
    return entries_.lease(tenant, std::move(request));
  }
  Task<Result<std::vector<EntryResult>>> acknowledge(const Tenant& tenant, InboxName inbox,
                                                     std::optional<LeaseId> lease,
                                                     std::optional<std::vector<EventId>> ids) override {
    return entries_.acknowledge(tenant, std::move(inbox), lease, std::move(ids));
  }
  Task<Result<std::vector<EntryResult>>> release(const Tenant& tenant, InboxName inbox, LeaseId lease,
                                                 std::optional<std::vector<EventId>> ids, std::chrono::seconds delay,
                                                 std::optional<std::string> error) override {
    return entries_.release(tenant, std::move(inbox), lease, std::move(ids), delay, std::move(error));
  }
  Task<Result<Extended>> extend(const Tenant& tenant, InboxName inbox, LeaseId lease,
                                std::optional<std::vector<EventId>> ids, std::chrono::seconds duration) override {
    return entries_.extend(tenant, std::move(inbox), lease, std::move(ids), duration);
  }
  Task<Result<std::vector<EntryResult>>> requeue(const Tenant& tenant, InboxName inbox,
                                                 std::vector<EventId> ids) override {
    return entries_.requeue(tenant, std::move(inbox), std::move(ids));
  }
  Task<Result<std::vector<EntryResult>>> discard(const Tenant& tenant, InboxName inbox,
                                                 std::vector<EventId> ids) override {
    return entries_.discard(tenant, std::move(inbox), std::move(ids));
  }
  Task<Result<DeadEntriesDone>> requeue_all(const Tenant& tenant, InboxName inbox,
                                            std::optional<std::string> event_type) override {
    return entries_.requeue_all(tenant, std::move(inbox), std::move(event_type));
  }
  Task<Result<DeadEntriesDone>> discard_all(const Tenant& tenant, InboxName inbox,
                                            std::optional<std::string> event_type) override {
    return entries_.discard_all(tenant, std::move(inbox), std::move(event_type));
  }

  Task<Result<std::vector<InboxView>>> inboxes(const Tenant& tenant) override {
    co_await entries_.end_due(tenant);
    co_return co_await inboxes_.list(tenant);
  }
  Task<Result<InboxView>> inbox(const Tenant& tenant, InboxName name) override {
    co_await entries_.end_due(tenant, name);
    co_return co_await inboxes_.view(tenant, std::move(name));
  }
  Task<Result<PutInbox>> put_inbox(const Tenant& tenant, InboxName name, inbox::Settings settings,
                                   std::optional<InboxTag> if_match) override {
    return inboxes_.put(tenant, std::move(name), std::move(settings), if_match);
  }
  Task<Result<PutInbox>> change_inbox(const Tenant& tenant, InboxName name, SettingsChange settings_change,
                                      std::optional<InboxTag> if_match) override {
    return inboxes_.change(tenant, std::move(name), std::move(settings_change), if_match);
  }
  Task<Result<bool>> remove_inbox(const Tenant& tenant, InboxName name, std::optional<InboxTag> if_match) override {
    return inboxes_.remove(tenant, std::move(name), if_match);
  }

  Task<Result<EntryPage>> entries(const Tenant& tenant, EntryQuery query) override {
    return entries_.entries(tenant, std::move(query));
  }
  Task<Result<Continuation>> entries_end(const Tenant& tenant, InboxName name) override {
    return entries_.entries_end(tenant, std::move(name));
  }

  Task<Result<std::shared_ptr<InboxWaiters>>> arrivals(const Tenant& tenant, InboxName name) override {
    const auto inbox = tenants_->get(tenant.id).find(name);
    co_return inbox ? watched_.watch(inbox, name) : nullptr;
  }
  [[nodiscard]] Waiters& waiters() noexcept override { return watched_.waiters(); }

  Task<Result<Job>> purge(const Tenant& tenant, InboxName inbox) override {
    return jobs_.purge(tenant, std::move(inbox));
  }
  Task<Result<Job>> replay(const Tenant& tenant, InboxName inbox, ReplayRange range) override {
    return jobs_.replay(tenant, std::move(inbox), std::move(range));
  }
  Task<Result<std::optional<Job>>> job(const Tenant& tenant, InboxName inbox, Uuid7 id) override {
    return jobs_.job(tenant, std::move(inbox), id);
  }

  [[nodiscard]] Health health() const override { return database_->health(); }
  [[nodiscard]] bool has_room() const noexcept override { return database_->has_room(); }
  [[nodiscard]] std::optional<std::uint64_t> stored_bytes() const noexcept override {
    return config_.tenant_limits.bytes_max > 0 ? std::optional{committer_.stored_bytes()} : std::nullopt;
  }
  [[nodiscard]] DamageLog& damage() noexcept override { return database_->damage(); }
  [[nodiscard]] std::uint64_t searches() const noexcept override { return searches_.taken(); }

  [[nodiscard]] Metrics metrics() const override {
    const auto inboxes = housekeeper_.inboxes();
    return {tenants_->unacknowledged(), inboxes ? inboxes->oldest_unacknowledged : std::nullopt, queue_.depth(),
            queue_.bytes(), readers_.exceptions() + searches_.exceptions() + backups_.exceptions()};
  }
  [[nodiscard]] std::uint64_t entries_expired() const noexcept override { return housekeeper_.expired(); }
  [[nodiscard]] std::shared_ptr<const InboxTotals> inbox_totals() const override { return housekeeper_.inboxes(); }
  [[nodiscard]] JobCounts jobs() const override { return {board_->running_count(), runner_.done(), runner_.failed()}; }
  [[nodiscard]] std::optional<DiskSpace> disk() const override { return database_->disk(); }
  [[nodiscard]] std::chrono::milliseconds ids_ahead() const override { return time_->ahead(); }

  Task<Status> create_key(auth::KeyRecord record) override {
    Fill fill = [&](rocksdb::WriteBatch& batch) { return keys_.put_new(record, batch); };
    co_return co_await change(std::move(fill));
  }

  Task<Result<auth::KeyRecord>> update_key(std::string key_id, KeyChange key_change) override {
    std::optional<auth::KeyRecord> after;
    Fill fill = [&](rocksdb::WriteBatch& batch) -> Status {
      const auto before = keys_.by_id(key_id);
      if (!before) return before.error();
      if (!*before) return Error{ErrorCode::not_found, "no key has the id " + key_id};
      after = **before;
      if (auto done = key_change(*after); !done) return done;
      after->revision = (*before)->revision + 1;
      return keys_.put_changed(**before, *after, batch);
    };
    auto changed = co_await change(std::move(fill));
    if (!changed) co_return std::move(changed).error();
    co_return std::move(*after);
  }

  Task<Result<std::optional<auth::KeyRecord>>> key_by_id(std::string key_id) override {
    auto read = readers_.run(nobody, [&] { return keys_.by_id(key_id); });
    co_return co_await read;
  }

  Task<Result<std::optional<auth::KeyRecord>>> key_by_hash(auth::KeyHash hash) override {
    auto read = readers_.run(nobody, [&] { return keys_.by_hash(hash); });
    co_return co_await read;
  }

  Task<Result<std::vector<auth::KeyRecord>>> list_keys(std::optional<std::string> user_id, std::string after_key_id,
                                                       std::size_t limit) override {
    const std::string_view tenant = user_id ? std::string_view(*user_id) : nobody;
    std::vector<auth::KeyRecord> records;
    for (;;) {
      const std::size_t wanted = std::min(limit - records.size(), keys_a_turn);
      auto read = searches_.run(tenant, [&] { return keys_.list(user_id, after_key_id, wanted); });
      auto some = co_await read;
      if (!some) co_return std::move(some).error();
      const bool last = some->size() < wanted;
      std::ranges::move(*some, std::back_inserter(records));
      if (last || records.size() == limit) co_return records;
      after_key_id = records.back().key_id;
    }
  }

  Task<Status> touch_keys(std::vector<std::pair<std::string, UnixMillis>> last_used) override {
    if (last_used.empty()) co_return Done{};
    Fill fill = [&](rocksdb::WriteBatch& batch) -> Status {
      for (const auto& [key_id, time] : last_used) keys_.put_last_used(key_id, time, batch);
      return Done{};
    };
    co_return co_await change(std::move(fill));
  }

  Task<Result<std::string>> shared_secret() override {
    std::string secret;
    rocksdb::PinnableSlice value;
    const auto stored = database_->get(Family::meta, layout::shared_secret_key, value);
    if (!stored) co_return stored.error();
    if (*stored) co_return value.ToString();
    Fill fill = [&](rocksdb::WriteBatch& batch) -> Status {
      const auto found = database_->get(Family::meta, layout::shared_secret_key, value);
      if (!found) return found.error();
      if (*found) {
        secret = value.ToString();
        return Done{};
      }
      secret.resize(layout::shared_secret_bytes);
      fill_random(std::as_writable_bytes(std::span(secret)));
      batch.Put(database_->family(Family::meta), std::string{layout::shared_secret_key}, secret);
      return Done{};
    };
    auto changed = co_await change(std::move(fill));
    if (!changed) co_return std::move(changed).error();
    co_return secret;
  }

  Task<Status> backup(std::string directory) override {
    auto copy = backups_.run(nobody, [&] { return database_->checkpoint(directory); });
    co_return co_await copy;
  }

  Result<std::size_t> sweep(std::size_t entries_max) override {
    const auto swept = housekeeper_.sweep(entries_max);
    if (!swept) return swept.error();
    return swept->removed;
  }
  Status settle() override {
    auto settled = housekeeper_.settle();
    return settled ? runner_.settle() : settled;
  }
  [[nodiscard]] std::size_t writes_waiting() const override { return queue_.waiting(); }
  void check_files() override { database_->check_files(true); }

 private:
  using Fill = std::function<Status(rocksdb::WriteBatch&)>;

  Task<Status> change(Fill fill) {
    Operation operation;
    operation.kind = Operation::Kind::change;
    operation.change = std::move(fill);
    operation.bytes = event_overhead_bytes;
    co_await queue_.submit(operation);
    if (operation.error) co_return std::move(*operation.error);
    co_return Done{};
  }

  Result<std::optional<StoredEvent>> read_event(const std::string& tenant, const EventId& id) {
    // In this order: a sweep between the reads can hide the event, but never that it was acknowledged or freed.
    rocksdb::PinnableSlice time, bytes;
    const std::string key = layout::event_key(tenant, id);
    const auto holding = read_holding(*database_, key);
    if (!holding) return holding.error();
    const auto acknowledged = database_->get(Family::acknowledged, key, time);
    if (!acknowledged) return acknowledged.error();
    const auto found = read_record(*database_, tenant, id, bytes);
    if (!found) return found.error();
    if (!*found) return std::optional<StoredEvent>{};
    const EventRecord& record = **found;
    StoredEvent event{id, std::string{record.event_type}, std::string{record.payload},
                      {}, std::string{record.metadata},   {}};
    if (record.source) event.source = *record.source;
    if (*acknowledged && time.size() == 8) {
      event.acknowledged_at =
          UnixMillis{std::chrono::milliseconds{static_cast<std::int64_t>(layout::read_u64(view(time)))}};
    }
    std::optional<UnixMillis> freed_at = event.acknowledged_at;
    if (*holding) freed_at = (*holding)->count == 0 ? std::optional{(*holding)->freed_at} : std::nullopt;
    // It has expired, though the sweep has not removed it yet.
    if (freed_at && retention_.is_expired(*freed_at)) return std::optional<StoredEvent>{};
    return std::optional{std::move(event)};
  }

  const RocksConfig config_;
  const std::unique_ptr<IdTime> time_;
  RetentionTime retention_;
  const std::unique_ptr<Database> database_;
  const std::unique_ptr<Tenants> tenants_;
  const std::unique_ptr<JobBoard> board_;
  const KeyTable keys_;
  const SettingsTable settings_;
  RoutesCache routes_;
  CommitQueue queue_;
  WatchedInboxes watched_;
  ReaderPool readers_;
  ReaderPool searches_;  ///< Pages by event type or of large events, and lists of keys: they compute for long.
  ReaderPool backups_;   // A copy to another file system takes minutes, and must not hold a reader up.
  Committer committer_;
  Housekeeper housekeeper_;
  JobRunner runner_;
  EventRouter router_;
  Appender appender_;
  InboxAdmin inboxes_;
  RocksInboxes entries_;
  RocksJobs jobs_;
};

}  // namespace

Result<std::unique_ptr<RocksStore>> RocksStore::open(RocksConfig config) {
  auto time = std::make_unique<IdTime>(*config.clock);
  auto traces_begin = std::make_shared<std::atomic<UnixMillis>>();
  auto database = Database::open({.data_dir = config.data_dir,
                                  .access = config.access,
                                  .memory_bytes = config.memory_bytes,
                                  .dedup_window = config.dedup_window,
                                  .idempotency_window = config.idempotency_window,
                                  .clock = time.get(),
                                  .traces_begin = traces_begin,
                                  .env = config.env,
                                  .disk_reserve_bytes = config.disk_reserve_bytes,
                                  .open_files_max = config.open_files_max});
  if (!database) return std::move(database).error();
  auto tenants = std::make_unique<Tenants>();
  auto board = std::make_unique<JobBoard>();
  if (auto loaded = load_inboxes(**database, *tenants, *board); !loaded) return std::move(loaded).error();
  EventId last_id;
  rocksdb::PinnableSlice value;
  const auto found = (*database)->get(Family::meta, layout::last_id_key, value);
  if (!found) return found.error();
  if (*found && value.size() == 16) last_id = EventId::from_bytes(view(value));
  time->start_after(last_id.time());
  if (auto restored = restore_entries(**database, *tenants, last_id, time->now()); !restored) {
    return std::move(restored).error();
  }
  const auto hash_seed = load_hash_seed(**database);
  if (!hash_seed) return hash_seed.error();
  auto stored_bytes = std::make_shared<StoredBytesByTenant>();
  if (config.tenant_limits.bytes_max > 0) {
    auto loaded = load_stored_bytes(**database);
    if (!loaded) return std::move(loaded).error();
    *stored_bytes = *std::move(loaded);
  } else if (auto forgotten = forget_stored_bytes(**database); !forgotten) {
    return std::move(forgotten).error();
  }
  return std::unique_ptr<RocksStore>(new RocksStoreImpl(std::move(config), std::move(time), std::move(*database),
                                                        std::move(tenants), std::move(board), last_id, *hash_seed,
                                                        std::move(traces_begin), std::move(stored_bytes)));
}

}  // namespace triggers::store

#include "store/rocks/rocks_store.h"

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <iterator>

#include "base/random.h"
#include "store/rocks/database/database.h"
#include "store/rocks/database/stored_record.h"
#include "store/rocks/format/event_record.h"
#include "store/rocks/format/layout.h"
#include "store/rocks/format/slice_view.h"
#include "store/rocks/inbox/tenants.h"
#include "store/rocks/key_table.h"
#include "store/rocks/read/page_reader.h"
#include "store/rocks/read/reader_pool.h"
#include "store/rocks/upkeep/housekeeper.h"

namespace triggers::store {
namespace {

constexpr std::size_t backups_waiting_max = 8;  // Of one user at most half: four.
/// A list of keys is read in pieces: each record is parsed, and a thousand of them would hold up other tenants' reads.
constexpr std::size_t keys_a_turn = 50;
/// How much text of an undecided batch is hashed in one turn. One larger event is a turn of its own.
constexpr std::size_t digests_bytes_a_turn = 256 * 1024;
/// A page with more than this is read at low priority: 8 MiB take many milliseconds of a processor.
constexpr std::size_t page_bytes_at_once = 256 * 1024;
/// The user in whose turn reads without a tenant run, such as the look-up of a key. No tenant's name is empty.
constexpr std::string_view nobody;

/// Loads every inbox's counters.
Status load_inboxes(Database& database, Tenants& tenants) {
  const std::string end = layout::prefix_end(layout::inbox_meta_prefix);
  const rocksdb::Slice end_slice(end);
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = &end_slice;
  const std::unique_ptr<rocksdb::Iterator> iterator(database.db().NewIterator(options, database.family(Family::meta)));
  for (iterator->Seek(std::string{layout::inbox_meta_prefix}); iterator->Valid(); iterator->Next()) {
    const auto name = layout::parse_inbox_meta_key(view(iterator->key()));
    if (!name || !tenants.get(name->tenant).inbox(name->inbox).decode_meta(view(iterator->value()))) {
      return Error{ErrorCode::unavailable, "the counters of an inbox cannot be read: restore a backup"};
    }
  }
  if (!iterator->status().ok()) return Error{ErrorCode::unavailable, iterator->status().ToString()};
  return Done{};
}

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

class RocksStoreImpl final : public RocksStore {
 public:
  RocksStoreImpl(RocksConfig config, std::unique_ptr<IdTime> time, std::unique_ptr<Database> database,
                 std::unique_ptr<Tenants> tenants, EventId last_id, const layout::HashSeed& hash_seed)
      : config_(std::move(config)),
        time_(std::move(time)),
        retention_(*config_.clock, config_.event_ttl,
                   last_id == EventId{} ? std::nullopt : std::optional{last_id.time()}),
        database_(std::move(database)),
        tenants_(std::move(tenants)),
        keys_(*database_),
        queue_(config_.commit),
        readers_(config_.reader_threads, config_.reads_waiting_max, "reader"),
        searches_(1, config_.reads_waiting_max, "search", ReaderPool::Priority::low),
        backups_(1, backups_waiting_max, "backup", ReaderPool::Priority::normal,
                 "a backup is under way and others wait: try again when they have ended"),
        committer_(*database_, *tenants_, queue_, last_id,
                   {config_.dedup_window, config_.idempotency_window, config_.clock, time_.get(), hash_seed,
                    config_.on_commit}),
        housekeeper_(*database_, *tenants_, queue_, retention_,
                     {.event_ttl = config_.event_ttl, .clock = config_.clock}) {
    if (!config_.background) return;
    housekeeper_.start();
    database_->start_file_checks();
  }

  // The committer runs until the queue is closed and empty; it is destroyed before the queue.
  ~RocksStoreImpl() override { queue_.close(); }

  Task<Result<Appended>> append(const Tenant& tenant, IncomingEvent event) override {
    Result<Appended> answer{Appended{}};
    Operation operation;
    operation.tenant = &tenant;
    operation.events = {&event, 1};
    operation.appended = {&answer, 1};
    operation.bytes = append_bytes(event);
    co_await queue_.submit(operation);
    while (operation.undecided) co_await submit_with_digests(operation);
    if (operation.error) co_return std::move(*operation.error);
    co_return answer;
  }

  Task<std::vector<Result<Appended>>> append_batch(const Tenant& tenant, std::vector<IncomingEvent> events) override {
    std::vector<Result<Appended>> answers(events.size(), Appended{});
    Operation operation;
    operation.tenant = &tenant;
    operation.events = events;
    operation.appended = answers;
    for (const IncomingEvent& event : events) operation.bytes += append_bytes(event);
    if (!events.empty()) co_await queue_.submit(operation);
    while (operation.undecided) co_await submit_with_digests(operation);
    if (operation.error) co_return std::vector<Result<Appended>>(events.size(), *operation.error);
    co_return answers;
  }

  Task<Result<Page>> page(const Tenant& tenant, PageQuery query) override {
    InboxState& inbox = tenants_->get(tenant.id).inbox(query.inbox);
    PageLimits limits;
    limits.filter_time_max = config_.filter_time_max;
    if (!query.event_type) {
      // In a block of its own: the room that this page has is needed for the next.
      PageLimits first = limits;
      first.bytes_max = page_bytes_at_once;
      auto read = readers_.run(tenant.id, [&] { return read_page(*database_, inbox, query, first); });
      auto page = co_await read;
      const bool ended_early = page && page->has_more && page->events.size() < query.limit;
      if (!ended_early) co_return page;
    }
    auto read = searches_.run(tenant.id, [&] { return read_page(*database_, inbox, query, limits); });
    co_return co_await read;
  }

  Task<Result<std::optional<StoredEvent>>> get(const Tenant& tenant, EventId id) override {
    auto read = readers_.run(tenant.id, [&] { return read_event(tenant.id, id); });
    co_return co_await read;
  }

  Task<Result<std::vector<AckStatus>>> acknowledge(const Tenant& tenant, std::vector<EventId> ids) override {
    std::vector<AckStatus> outcomes(ids.size(), AckStatus::not_found);
    Operation operation;
    operation.kind = Operation::Kind::acknowledge;
    operation.tenant = &tenant;
    operation.ids = ids;
    operation.acks = outcomes;
    operation.bytes = event_overhead_bytes + ids.size() * 64;
    if (!ids.empty()) co_await queue_.submit(operation);
    if (operation.error) co_return std::move(*operation.error);
    co_return outcomes;
  }

  [[nodiscard]] Health health() const override { return database_->health(); }
  [[nodiscard]] DamageLog& damage() noexcept override { return database_->damage(); }
  [[nodiscard]] std::uint64_t searches() const noexcept override { return searches_.taken(); }

  [[nodiscard]] Metrics metrics() const override {
    return {tenants_->unacknowledged(), housekeeper_.oldest_unacknowledged(), queue_.depth(), queue_.bytes(),
            readers_.exceptions() + searches_.exceptions() + backups_.exceptions()};
  }
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

  Result<std::size_t> sweep(std::size_t events_max) override { return housekeeper_.sweep(events_max); }
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

  /// Computes the digests that the committer needs for this operation, on a thread where they delay no commit, and
  /// submits the operation again. A failure becomes the result of the events that have none yet.
  Task<void> submit_with_digests(Operation& operation) {
    const Undecided undecided = *std::exchange(operation.undecided, std::nullopt);
    const std::size_t begin = operation.part_begin;  // Now: a commit that fails moves the part forward.
    auto made = searches_.run(operation.tenant->id, [&]() -> Result<Done> {
      make_digests(operation);
      if (undecided.against) {
        operation.digests->of_stored = digest_of_stored(*operation.tenant, *undecided.against);
      }
      return Done{};
    });
    const auto done = co_await made;
    if (done) co_await queue_.submit(operation);
    if (done && !operation.error) co_return;
    const Error error = done ? *operation.error : done.error();
    if (begin == 0) {
      operation.error = error;
      co_return;
    }
    for (std::size_t i = begin; i < operation.size(); ++i) operation.appended[i] = error;
    operation.error.reset();
  }

  /// Computes the digest of the event at which the committer stopped, and of those after it up to a limit, because they
  /// most likely need theirs.
  static void make_digests(Operation& operation) {
    if (operation.digest_of(operation.part_begin)) return;
    operation.digests = std::make_unique<MadeDigests>();
    operation.digests->begin = operation.part_begin;
    auto& made = operation.digests->of_events;
    std::size_t bytes = 0;
    for (const IncomingEvent& event : operation.events.subspan(operation.part_begin)) {
      bytes += event.payload.size();
      if (!made.empty() && bytes > digests_bytes_a_turn) return;
      made.push_back(content_digest(event.event_type, event.payload));
    }
  }

  /// Nothing if the event is gone or cannot be read: the committer then finds that out itself.
  std::optional<MadeDigests::Stored> digest_of_stored(const Tenant& tenant, const EventId& id) {
    rocksdb::PinnableSlice stored;
    const auto found = database_->get(Family::events, layout::event_key(tenant.id, id), stored);
    if (!found || !*found) return std::nullopt;
    const auto record = decode_record(view(stored));
    if (!record) return std::nullopt;
    return MadeDigests::Stored{id, content_digest(record->event_type, record->payload)};
  }

  Result<std::optional<StoredEvent>> read_event(const std::string& tenant, const EventId& id) {
    // In this order: a sweep between the two reads can hide the event, but never its acknowledgement.
    rocksdb::PinnableSlice time, bytes;
    const auto acknowledged = database_->get(Family::acknowledged, layout::event_key(tenant, id), time);
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
      // It has expired, though the sweep has not removed it yet.
      if (retention_.is_expired(*event.acknowledged_at)) return std::optional<StoredEvent>{};
    }
    return std::optional{std::move(event)};
  }

  const RocksConfig config_;
  const std::unique_ptr<IdTime> time_;
  RetentionTime retention_;
  const std::unique_ptr<Database> database_;
  const std::unique_ptr<Tenants> tenants_;
  const KeyTable keys_;
  CommitQueue queue_;
  ReaderPool readers_;
  ReaderPool searches_;  ///< Pages by event type or of large events, and lists of keys: they compute for long.
  ReaderPool backups_;   // A copy to another file system takes minutes, and must not hold a reader up.
  Committer committer_;
  Housekeeper housekeeper_;
};

}  // namespace

Result<std::unique_ptr<RocksStore>> RocksStore::open(RocksConfig config) {
  auto time = std::make_unique<IdTime>(*config.clock);
  auto database = Database::open({config.data_dir, config.access, config.memory_bytes, config.dedup_window,
                                  config.idempotency_window, time.get(), config.env, config.open_files_max});
  if (!database) return std::move(database).error();
  auto tenants = std::make_unique<Tenants>();
  if (auto loaded = load_inboxes(**database, *tenants); !loaded) return std::move(loaded).error();
  EventId last_id;
  rocksdb::PinnableSlice value;
  const auto found = (*database)->get(Family::meta, layout::last_id_key, value);
  if (!found) return found.error();
  if (*found && value.size() == 16) last_id = EventId::from_bytes(view(value));
  time->start_after(last_id.time());
  const auto hash_seed = load_hash_seed(**database);
  if (!hash_seed) return hash_seed.error();
  return std::unique_ptr<RocksStore>(new RocksStoreImpl(std::move(config), std::move(time), std::move(*database),
                                                        std::move(tenants), last_id, *hash_seed));
}

}  // namespace triggers::store

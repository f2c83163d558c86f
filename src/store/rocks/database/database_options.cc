#include "store/rocks/database/database_options.h"

#include <rocksdb/cache.h>
#include <rocksdb/compaction_filter.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/file_checksum.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/table_properties_collectors.h>
#include <rocksdb/write_buffer_manager.h>

#include <algorithm>
#include <array>
#include <cstdarg>

#include "base/invariant.h"
#include "event/event.h"
#include "inbox/record_codec.h"
#include "store/rocks/database/hashed_memtable.h"
#include "store/rocks/database/info_log.h"
#include "store/rocks/format/dedup_entry.h"

namespace triggers::store {
namespace {

constexpr std::array<std::string_view, family_count> family_names = {"default", "events", "pending",     "delivered",
                                                                     "expiry",  "dedup",  "idempotency", "keys",
                                                                     "entries", "traces", "holders"};
constexpr std::size_t mebibyte = 1024 * 1024;
/// What a table overlaps of the next level, so that a compaction takes about compaction_room_bytes and fits into the
/// disk's reserve.
constexpr std::uint64_t compaction_bytes_max = 512 * mebibyte;
constexpr std::size_t window_entry_bytes = 100;  ///< About what an entry of a window's family takes in a memtable.

class NoLogger final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char* /*format*/, va_list /*arguments*/) override {}
};

rocksdb::BlockBasedTableOptions table_options(const std::shared_ptr<rocksdb::Cache>& cache, std::size_t block_bytes) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.block_size = block_bytes;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.format_version = 5;
  // Index and filter blocks count against the one memory budget; those of the newest files stay in it.
  table.cache_index_and_filter_blocks = true;
  table.cache_index_and_filter_blocks_with_high_priority = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  return table;
}

rocksdb::ColumnFamilyOptions base_options(const std::shared_ptr<rocksdb::Cache>& cache, std::size_t write_buffer_bytes,
                                          std::size_t block_bytes) {
  rocksdb::ColumnFamilyOptions options;
  options.write_buffer_size = write_buffer_bytes;
  options.arena_block_size = std::min<std::size_t>(write_buffer_bytes / 8, mebibyte);
  options.max_write_buffer_number = 3;
  options.compression = rocksdb::kLZ4Compression;
  options.level_compaction_dynamic_level_bytes = true;
  options.max_compaction_bytes = compaction_bytes_max;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table_options(cache, block_bytes)));
  return options;
}

/// Where an entry has the id that decides when it is past its window.
enum class NewestId : std::uint8_t {
  first,     ///< `idempotency`: the only one.
  of_dedup,  ///< `dedup`: the newest of a DedupEntry.
};

/// Drops the entries that are past their window. Each entry's own id decides, not the age of its file: RocksDB 7.8
/// gives a file that FIFO compaction has merged the age of its oldest entry. It would drop an entry that was just
/// written together with one that had waited in a memtable for longer than the window.
class WindowFilter final : public rocksdb::CompactionFilter {
 public:
  WindowFilter(std::chrono::seconds window, NewestId newest, const Clock& clock)
      : window_(window), newest_(newest), clock_(clock) {}

  [[nodiscard]] const char* Name() const override { return "triggers.window"; }
  bool Filter(int /*level*/, const rocksdb::Slice& /*key*/, const rocksdb::Slice& value, std::string* /*new_value*/,
              bool* /*value_changed*/) const override {
    const auto id = newest_id({value.data(), value.size()});
    return id && clock_.now() - id->time() >= window_ + margin;
  }

 private:
  /// A clock that is set back a little brings entries back into the window.
  static constexpr std::chrono::seconds margin{60};

  [[nodiscard]] std::optional<event::EventId> newest_id(std::string_view value) const {
    if (newest_ == NewestId::of_dedup) return newest_of_dedup(value);
    constexpr std::size_t id_bytes = 16;
    if (value.size() < id_bytes) return std::nullopt;
    return event::EventId::from_bytes(value.substr(0, id_bytes));
  }

  const std::chrono::seconds window_;
  const NewestId newest_;
  const Clock& clock_;
};

class WindowFilterFactory final : public rocksdb::CompactionFilterFactory {
 public:
  WindowFilterFactory(std::chrono::seconds window, NewestId newest, const Clock& clock)
      : window_(window), newest_(newest), clock_(clock) {}

  [[nodiscard]] const char* Name() const override { return "triggers.window"; }
  std::unique_ptr<rocksdb::CompactionFilter> CreateCompactionFilter(
      const rocksdb::CompactionFilter::Context& /*context*/) override {
    return std::make_unique<WindowFilter>(window_, newest_, clock_);
  }

 private:
  const std::chrono::seconds window_;
  const NewestId newest_;
  const Clock& clock_;
};

/// Entries that only matter for a while and are looked up by a random key.
rocksdb::ColumnFamilyOptions window_options(const std::shared_ptr<rocksdb::Cache>& cache,
                                            std::size_t write_buffer_bytes, std::chrono::seconds window,
                                            NewestId newest, const Clock& clock) {
  auto options = base_options(cache, write_buffer_bytes, 4096);
  options.compression = rocksdb::kNoCompression;
  // Keys in random order touch every level: merging a few sorted runs rewrites each entry much less often.
  options.compaction_style = rocksdb::kCompactionStyleUniversal;
  options.compaction_filter_factory = std::make_shared<WindowFilterFactory>(window, newest, clock);
  // Every file is compacted, and so filtered, once in this time, also when nothing new comes.
  options.periodic_compaction_seconds = std::max<std::uint64_t>(static_cast<std::uint64_t>(window.count()), 3600);
  options.memtable_factory = make_hashed_memtable(write_buffer_bytes / window_entry_bytes);
  return options;
}

/// Drops the traces of acknowledgements that are too old.
class TraceFilter final : public rocksdb::CompactionFilter {
 public:
  explicit TraceFilter(UnixMillis begin) : begin_(begin) {}

  [[nodiscard]] const char* Name() const override { return "triggers.traces"; }
  bool Filter(int /*level*/, const rocksdb::Slice& /*key*/, const rocksdb::Slice& value, std::string* /*new_value*/,
              bool* /*value_changed*/) const override {
    const auto record = inbox::decode_record({value.data(), value.size()});
    return record && record->acknowledgement && record->acknowledgement->at < begin_;
  }

 private:
  const UnixMillis begin_;
};

class TraceFilterFactory final : public rocksdb::CompactionFilterFactory {
 public:
  explicit TraceFilterFactory(std::shared_ptr<const std::atomic<UnixMillis>> begin) : begin_(std::move(begin)) {}

  [[nodiscard]] const char* Name() const override { return "triggers.traces"; }
  std::unique_ptr<rocksdb::CompactionFilter> CreateCompactionFilter(
      const rocksdb::CompactionFilter::Context& /*context*/) override {
    return std::make_unique<TraceFilter>(begin_->load(std::memory_order_relaxed));
  }

 private:
  const std::shared_ptr<const std::atomic<UnixMillis>> begin_;
};

constexpr std::uint64_t trace_compaction_seconds = 24 * 60 * 60;

rocksdb::ColumnFamilyOptions trace_options(const DatabaseConfig& config, const std::shared_ptr<rocksdb::Cache>& cache) {
  auto options = base_options(cache, 8 * mebibyte, 4096);
  if (!config.traces_begin) return options;
  options.compaction_filter_factory = std::make_shared<TraceFilterFactory>(config.traces_begin);
  // Every file is compacted, and so filtered, once in this time, also when nothing new comes.
  options.periodic_compaction_seconds = trace_compaction_seconds;
  return options;
}

rocksdb::ColumnFamilyOptions family_options(Family family, const DatabaseConfig& config,
                                            const std::shared_ptr<rocksdb::Cache>& cache) {
  switch (family) {
    case Family::events: return base_options(cache, 32 * mebibyte, 16 * 1024);
    case Family::pending: {
      auto options = base_options(cache, 16 * mebibyte, 8 * 1024);
      // Compacts a file of mostly acknowledgements soon, so that a page does not walk over them.
      options.table_properties_collector_factories.push_back(rocksdb::NewCompactOnDeletionCollectorFactory(4096, 2048));
      return options;
    }
    case Family::acknowledged: return base_options(cache, 8 * mebibyte, 4096);
    case Family::expiry: {
      auto options = base_options(cache, 8 * mebibyte, 8 * 1024);
      options.table_properties_collector_factories.push_back(
          rocksdb::NewCompactOnDeletionCollectorFactory(4096, 2048));  // For the sweep, as above.
      return options;
    }
    case Family::dedup:
      return window_options(cache, 16 * mebibyte, config.dedup_window, NewestId::of_dedup, *config.clock);
    case Family::idempotency:
      return window_options(cache, 8 * mebibyte, config.idempotency_window, NewestId::first, *config.clock);
    case Family::entries: {
      auto options = base_options(cache, 8 * mebibyte, 4096);
      options.table_properties_collector_factories.push_back(
          rocksdb::NewCompactOnDeletionCollectorFactory(4096, 2048));  // A start reads the whole family.
      return options;
    }
    case Family::traces: return trace_options(config, cache);
    case Family::holders: return base_options(cache, 8 * mebibyte, 4096);
    case Family::meta:
    case Family::keys: return base_options(cache, 2 * mebibyte, 4096);
  }
  INVARIANT(false, "a family without options");
}

}  // namespace

rocksdb::DBOptions database_options(const DatabaseConfig& config, const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::DBOptions options;
  if (config.env != nullptr) options.env = config.env;
  // A crash tears at most the last, unsynced batch. A gap in logs that were synced is refused, not skipped.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  options.track_and_verify_wals_in_manifest = true;
  options.max_total_wal_size = 96 * mebibyte;  // Bounds the replay, and so the time to start.
  options.write_buffer_manager = std::make_shared<rocksdb::WriteBufferManager>(config.memory_bytes / 2, cache);
  options.max_background_jobs = 2;
  options.bytes_per_sync = mebibyte;
  options.max_open_files = config.open_files_max;
  options.skip_stats_update_on_db_open = true;
  options.max_bgerror_resume_count = 0;  // Database decides what may be resumed, and when.
  options.info_log = make_info_log(database_dir(config.data_dir));
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.avoid_unnecessary_blocking_io = true;
  options.file_checksum_gen_factory = rocksdb::GetFileChecksumGenCrc32cFactory();  // For the checks of a start.
  options.allow_concurrent_memtable_write = false;  // The committer is the one writer; HashedMemtable needs it so.
  return options;
}

rocksdb::DBOptions reading_options(const DatabaseConfig& config, const std::shared_ptr<rocksdb::Cache>& cache) {
  auto options = database_options(config, cache);
  options.info_log = std::make_shared<NoLogger>();
  return options;
}

std::vector<rocksdb::ColumnFamilyDescriptor> family_descriptors(const DatabaseConfig& config,
                                                                const std::shared_ptr<rocksdb::Cache>& cache,
                                                                std::size_t count) {
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  descriptors.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    descriptors.emplace_back(std::string{family_names[i]}, family_options(static_cast<Family>(i), config, cache));
  }
  return descriptors;
}

std::shared_ptr<rocksdb::Cache> new_cache(const DatabaseConfig& config) {
  return rocksdb::NewLRUCache(config.memory_bytes, 4, false, 0.5);
}

std::string database_dir(const std::string& data_dir) { return data_dir + "/db"; }

}  // namespace triggers::store

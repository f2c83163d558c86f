#include "store/rocks/inbox/stored_bytes_table.h"

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <memory>
#include <string_view>

#include "log/log.h"
#include "store/rocks/format/event_record.h"
#include "store/rocks/format/layout.h"
#include "store/rocks/format/slice_view.h"

namespace triggers::store {
namespace {

constexpr std::size_t readahead_bytes = 2 * 1024 * 1024;

Error damaged(const std::string& what) {
  return {ErrorCode::unavailable,
          what + ". Run `triggers repair`, restore a backup, or start without tenant-bytes-max."};
}

/// Calls `take` for each counter that is stored.
template <class Take>
Status each_counter(Database& database, const Take& take) {
  const std::string end = layout::prefix_end(layout::stored_bytes_prefix);
  const rocksdb::Slice end_slice(end);
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = &end_slice;
  const std::unique_ptr<rocksdb::Iterator> iterator(database.db().NewIterator(options, database.family(Family::meta)));
  for (iterator->Seek(std::string{layout::stored_bytes_prefix}); iterator->Valid(); iterator->Next()) {
    if (auto taken = take(view(iterator->key()), view(iterator->value())); !taken) return taken;
  }
  if (!iterator->status().ok()) return damaged("the stored bytes of tenants: " + iterator->status().ToString());
  return Done{};
}

Result<bool> are_kept(Database& database) {
  rocksdb::PinnableSlice value;
  return database.get(Family::meta, layout::stored_bytes_kept_key, value);
}

Result<StoredBytesByTenant> count(Database& database) {
  StoredBytesByTenant counted;
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  options.readahead_size = readahead_bytes;
  const std::unique_ptr<rocksdb::Iterator> iterator(
      database.db().NewIterator(options, database.family(Family::events)));
  for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) {
    const auto tenant = layout::tenant_of_event(view(iterator->key()));
    if (!tenant) return damaged("a key of an event cannot be read");
    counted[std::string{*tenant}] += stored_bytes_of_record(view(iterator->value()));
  }
  if (!iterator->status().ok()) return damaged("events: " + iterator->status().ToString());
  return counted;
}

Status store(Database& database, const StoredBytesByTenant& counted) {
  rocksdb::WriteBatch batch;
  auto* const meta = database.family(Family::meta);
  auto removed = each_counter(database, [&](std::string_view key, std::string_view) {
    batch.Delete(meta, rocksdb::Slice(key.data(), key.size()));
    return Status(Done{});
  });
  if (!removed) return removed;
  for (const auto& [tenant, bytes] : counted) {
    std::string value;
    layout::append_u64(value, bytes);
    batch.Put(meta, layout::stored_bytes_key(tenant), value);
  }
  batch.Put(meta, std::string{layout::stored_bytes_kept_key}, rocksdb::Slice());
  return database.write(batch);
}

}  // namespace

Result<StoredBytesByTenant> load_stored_bytes(Database& database) {
  const auto kept = are_kept(database);
  if (!kept) return kept.error();
  if (!*kept) {
    if (!database.health().writable) return StoredBytesByTenant{};  // It accepts no events.
    auto counted = count(database);
    if (!counted) return counted;
    if (auto stored = store(database, *counted); !stored) return std::move(stored).error();
    log::info("stored_bytes_counted", {{"tenants", counted->size()}});
    return counted;
  }
  StoredBytesByTenant loaded;
  auto read = each_counter(database, [&](std::string_view key, std::string_view value) -> Status {
    const auto tenant = layout::tenant_of_stored_bytes(key);
    if (!tenant || value.size() != sizeof(std::uint64_t)) return damaged("the stored bytes of a tenant cannot be read");
    loaded[std::string{*tenant}] = layout::read_u64(value);
    return Done{};
  });
  if (!read) return std::move(read).error();
  return loaded;
}

Status forget_stored_bytes(Database& database) {
  const auto kept = are_kept(database);
  if (!kept) return kept.error();
  if (!*kept || !database.health().writable) return Done{};
  rocksdb::WriteBatch batch;
  batch.Delete(database.family(Family::meta), std::string{layout::stored_bytes_kept_key});
  return database.write(batch);
}

}  // namespace triggers::store

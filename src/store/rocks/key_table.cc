#include "store/rocks/key_table.h"

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <memory>

#include "store/rocks/format/layout.h"
#include "store/rocks/format/slice_view.h"

namespace triggers::store {
namespace {

std::string record_key(std::string_view key_id) { return "k/" + std::string{key_id}; }
std::string hash_key(const auth::KeyHash& hash) { return "h/" + std::string{hash.view()}; }
std::string last_used_key(std::string_view key_id) { return "t/" + std::string{key_id}; }
std::string user_prefix(std::string_view user_id) {
  std::string key = "u/";
  layout::append_name(key, user_id);
  return key;
}

}  // namespace

Result<std::optional<auth::KeyRecord>> KeyTable::by_id(const std::string& key_id) const {
  rocksdb::PinnableSlice value;
  const auto found = database_.get(Family::keys, record_key(key_id), value);
  if (!found) return found.error();
  if (!*found) return std::optional<auth::KeyRecord>{};
  auto record = auth::decode(view(value));
  if (!record) return database_.unreadable("the record of " + key_id + ": " + record.error().message);
  const auto used = database_.get(Family::keys, last_used_key(key_id), value);
  if (!used) return used.error();
  if (*used && value.size() == 8) {
    record->last_used_at =
        UnixMillis{std::chrono::milliseconds{static_cast<std::int64_t>(layout::read_u64(view(value)))}};
  }
  return std::optional{std::move(*record)};
}

Result<std::optional<auth::KeyRecord>> KeyTable::by_hash(const auth::KeyHash& hash) const {
  rocksdb::PinnableSlice value;
  const auto found = database_.get(Family::keys, hash_key(hash), value);
  if (!found) return found.error();
  if (!*found) return std::optional<auth::KeyRecord>{};
  return by_id(value.ToString());
}

Result<std::vector<auth::KeyRecord>> KeyTable::list(const std::optional<std::string>& user_id,
                                                    const std::string& after_key_id, std::size_t limit) const {
  const std::string prefix = user_id ? user_prefix(*user_id) : "k/";
  const std::string end = layout::prefix_end(prefix);
  const rocksdb::Slice end_slice(end);
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = &end_slice;
  const std::unique_ptr<rocksdb::Iterator> iterator(
      database_.db().NewIterator(options, database_.family(Family::keys)));
  std::vector<auth::KeyRecord> records;
  // "\0" makes the start exclusive: no id is followed by it.
  iterator->Seek(after_key_id.empty() ? prefix : prefix + after_key_id + '\0');
  for (; iterator->Valid() && records.size() < limit; iterator->Next()) {
    auto record = by_id(std::string{view(iterator->key()).substr(prefix.size())});
    if (!record) return record.error();
    if (*record) records.push_back(std::move(**record));
  }
  if (!iterator->status().ok()) {
    return database_.unreadable("the list of keys: " + iterator->status().ToString());
  }
  return records;
}

Status KeyTable::put_new(const auth::KeyRecord& record, rocksdb::WriteBatch& batch) const {
  rocksdb::PinnableSlice value;
  const auto id_taken = database_.get(Family::keys, record_key(record.key_id), value);
  if (!id_taken) return id_taken.error();
  if (*id_taken) return Error{ErrorCode::conflict, "the key id " + record.key_id + " exists"};
  for (const auto& secret : record.secrets) {
    const auto hash_taken = database_.get(Family::keys, hash_key(secret.hash), value);
    if (!hash_taken) return hash_taken.error();
    if (*hash_taken) return Error{ErrorCode::conflict, "the API key exists"};
  }
  auto* family = database_.family(Family::keys);
  batch.Put(family, record_key(record.key_id), auth::encode(record));
  batch.Put(family, user_prefix(record.user_id) + record.key_id, rocksdb::Slice());
  for (const auto& secret : record.secrets) batch.Put(family, hash_key(secret.hash), record.key_id);
  return Done{};
}

Status KeyTable::put_changed(const auth::KeyRecord& before, const auth::KeyRecord& after,
                             rocksdb::WriteBatch& batch) const {
  INVARIANT(before.key_id == after.key_id && before.user_id == after.user_id,
            "a change makes the key %s the key %s, or gives it to another user", before.key_id.c_str(),
            after.key_id.c_str());
  auto* family = database_.family(Family::keys);
  for (const auto& secret : before.secrets) {
    if (std::ranges::find(after.secrets, secret.hash, &auth::KeySecret::hash) == after.secrets.end()) {
      batch.Delete(family, hash_key(secret.hash));
    }
  }
  for (const auto& secret : after.secrets) batch.Put(family, hash_key(secret.hash), after.key_id);
  batch.Put(family, record_key(after.key_id), auth::encode(after));
  return Done{};
}

void KeyTable::put_last_used(const std::string& key_id, UnixMillis time, rocksdb::WriteBatch& batch) const {
  std::string value;
  layout::append_u64(value, static_cast<std::uint64_t>(time.time_since_epoch().count()));
  batch.Put(database_.family(Family::keys), last_used_key(key_id), value);
}

}  // namespace triggers::store

#include "store/memory/memory_keys.h"

#include <algorithm>
#include <span>

#include "base/random.h"

namespace triggers::store {

std::map<std::string, auth::KeyRecord>::iterator MemoryKeys::find_hash(const auth::KeyHash& hash) {
  return std::ranges::find_if(keys_, [&](const auto& entry) {
    return std::ranges::find(entry.second.secrets, hash, &auth::KeySecret::hash) != entry.second.secrets.end();
  });
}

Task<Status> MemoryKeys::create_key(auth::KeyRecord record) {
  const MutexLock lock(keys_mutex_);
  if (keys_.contains(record.key_id)) co_return Error{ErrorCode::conflict, "the key id " + record.key_id + " exists"};
  for (const auto& secret : record.secrets) {
    if (find_hash(secret.hash) != keys_.end()) co_return Error{ErrorCode::conflict, "the API key exists"};
  }
  keys_.emplace(record.key_id, std::move(record));
  co_return Done{};
}

Task<Result<auth::KeyRecord>> MemoryKeys::update_key(std::string key_id, KeyChange change) {
  const MutexLock lock(keys_mutex_);
  const auto found = keys_.find(key_id);
  if (found == keys_.end()) co_return Error{ErrorCode::not_found, "no key has the id " + key_id};
  auth::KeyRecord after = found->second;
  if (auto changed = change(after); !changed) co_return std::move(changed).error();
  after.revision = found->second.revision + 1;
  found->second = after;
  co_return after;
}

Task<Result<std::optional<auth::KeyRecord>>> MemoryKeys::key_by_id(std::string key_id) {
  const MutexLock lock(keys_mutex_);
  const auto found = keys_.find(key_id);
  if (found == keys_.end()) co_return std::optional<auth::KeyRecord>{};
  co_return std::optional{found->second};
}

Task<Result<std::optional<auth::KeyRecord>>> MemoryKeys::key_by_hash(auth::KeyHash hash) {
  const MutexLock lock(keys_mutex_);
  const auto found = find_hash(hash);
  if (found == keys_.end()) co_return std::optional<auth::KeyRecord>{};
  co_return std::optional{found->second};
}

Task<Result<std::vector<auth::KeyRecord>>> MemoryKeys::list_keys(std::optional<std::string> user_id,
                                                                 std::string after_key_id, std::size_t limit) {
  const MutexLock lock(keys_mutex_);
  std::vector<auth::KeyRecord> records;
  for (auto key = keys_.upper_bound(after_key_id); key != keys_.end() && records.size() < limit; ++key) {
    if (!user_id || key->second.user_id == *user_id) records.push_back(key->second);
  }
  co_return records;
}

Task<Status> MemoryKeys::touch_keys(std::vector<std::pair<std::string, UnixMillis>> last_used) {
  const MutexLock lock(keys_mutex_);
  for (const auto& [key_id, time] : last_used) {
    if (const auto found = keys_.find(key_id); found != keys_.end()) found->second.last_used_at = time;
  }
  co_return Done{};
}

Task<Result<std::string>> MemoryKeys::shared_secret() {
  const MutexLock lock(keys_mutex_);
  if (secret_.empty()) {
    secret_.resize(32);
    fill_random(std::as_writable_bytes(std::span(secret_)));
  }
  co_return secret_;
}

}  // namespace triggers::store

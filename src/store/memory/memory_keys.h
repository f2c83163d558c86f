#pragma once

// The API keys of the engine for tests.

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "store/key_store.h"

namespace triggers::store {

/// API keys in a map, with a lock of their own. Answers without suspending.
class MemoryKeys : public KeyStore {
 public:
  Task<Status> create_key(auth::KeyRecord record) override;
  Task<Result<auth::KeyRecord>> update_key(std::string key_id, KeyChange change) override;
  Task<Result<std::optional<auth::KeyRecord>>> key_by_id(std::string key_id) override;
  Task<Result<std::optional<auth::KeyRecord>>> key_by_hash(auth::KeyHash hash) override;
  Task<Result<std::vector<auth::KeyRecord>>> list_keys(std::optional<std::string> user_id, std::string after_key_id,
                                                       std::size_t limit) override;
  Task<Status> touch_keys(std::vector<std::pair<std::string, UnixMillis>> last_used) override;
  Task<Result<std::string>> shared_secret() override;

 private:
  std::map<std::string, auth::KeyRecord>::iterator find_hash(const auth::KeyHash& hash) REQUIRES(keys_mutex_);

  Mutex keys_mutex_;
  std::map<std::string, auth::KeyRecord> keys_ GUARDED_BY(keys_mutex_);
  std::string secret_ GUARDED_BY(keys_mutex_);
};

}  // namespace triggers::store

#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "auth/key.h"
#include "base/result.h"
#include "base/task.h"

namespace triggers::store {

/// Changes a record in place; an Error leaves it as it was. May be called more than once.
using KeyChange = std::function<Status(auth::KeyRecord&)>;

/// Where API keys live, beside the events. Every change is atomic and durable when it answers.
/// Any thread with an Executor may call. Errors as of EventStore.
class KeyStore {
 public:
  KeyStore() = default;
  KeyStore(const KeyStore&) = delete;
  KeyStore& operator=(const KeyStore&) = delete;
  virtual ~KeyStore() = default;

  /// Stores a new key. `conflict` if the id or one of its hashes exists.
  virtual Task<Status> create_key(auth::KeyRecord record) = 0;
  /// Reads, changes and writes as one step; counts the revision up. `not_found`, or what `change` answered.
  virtual Task<Result<auth::KeyRecord>> update_key(std::string key_id, KeyChange change) = 0;
  virtual Task<Result<std::optional<auth::KeyRecord>>> key_by_id(std::string key_id) = 0;
  /// One look-up. Finds a secret whatever its `valid_until` or the key's status: the caller judges.
  virtual Task<Result<std::optional<auth::KeyRecord>>> key_by_hash(auth::KeyHash hash) = 0;
  /// Keys in the order of their ids, after `after_key_id`, at most `limit`; of one user, or of all.
  virtual Task<Result<std::vector<auth::KeyRecord>>> list_keys(std::optional<std::string> user_id,
                                                               std::string after_key_id, std::size_t limit) = 0;
  /// Notes when keys were last used; a hint, not durable when it answers. Does not count the revision up.
  virtual Task<Status> touch_keys(std::vector<std::pair<std::string, UnixMillis>> last_used) = 0;
  /// A random 32-byte secret that all nodes share, made on the first call; signs cursors.
  virtual Task<Result<std::string>> shared_secret() = 0;
};

}  // namespace triggers::store

#pragma once

// The contract of storing API keys. Every engine implements it. The record itself is auth::KeyRecord (auth/key.h); the
// keys in memory are in api/keys.

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

/// Stores API keys beside the events. A change is atomic, and durable when the call returns. Any thread with an
/// Executor may call. Errors are those of EventLog.
class KeyStore {
 public:
  KeyStore() = default;
  KeyStore(const KeyStore&) = delete;
  KeyStore& operator=(const KeyStore&) = delete;
  virtual ~KeyStore() = default;

  /// Stores a new key. `conflict` if the id or one of its hashes exists.
  virtual Task<Status> create_key(auth::KeyRecord record) = 0;
  /// Reads, changes and writes a record as one atomic step, and increments its revision. Errors: `not_found`, or that
  /// of `change`.
  virtual Task<Result<auth::KeyRecord>> update_key(std::string key_id, KeyChange change) = 0;
  virtual Task<Result<std::optional<auth::KeyRecord>>> key_by_id(std::string key_id) = 0;
  /// One look-up. Ignores `valid_until` and the key's status: the caller checks them.
  virtual Task<Result<std::optional<auth::KeyRecord>>> key_by_hash(auth::KeyHash hash) = 0;
  /// Keys in the order of their ids, after `after_key_id`, at most `limit`; of one user, or of all.
  virtual Task<Result<std::vector<auth::KeyRecord>>> list_keys(std::optional<std::string> user_id,
                                                               std::string after_key_id, std::size_t limit) = 0;
  /// Records when keys were last used: a hint, not durable when the call returns. The revision stays.
  virtual Task<Status> touch_keys(std::vector<std::pair<std::string, UnixMillis>> last_used) = 0;
  /// A random 32-byte secret that all nodes share, made on the first call; signs cursors.
  virtual Task<Result<std::string>> shared_secret() = 0;
};

}  // namespace triggers::store

#pragma once

// API keys in the `keys` family: reading them, and adding changes to a batch. The committer writes the batch; keys in
// memory are in api/keys.

#include <optional>
#include <string>
#include <vector>

#include "auth/key.h"
#include "base/result.h"
#include "store/key_store.h"
#include "store/rocks/database/database.h"

namespace triggers::store {

/// API keys in the `keys` family: the record by its id, the id by the hash of a secret, the ids by user, and the time
/// when each was last used. Reads may come from any thread; the put_… functions fill a batch, for the committer's
/// thread.
class KeyTable {
 public:
  explicit KeyTable(Database& database) : database_(database) {}

  Result<std::optional<auth::KeyRecord>> by_id(const std::string& key_id) const;
  Result<std::optional<auth::KeyRecord>> by_hash(const auth::KeyHash& hash) const;
  Result<std::vector<auth::KeyRecord>> list(const std::optional<std::string>& user_id, const std::string& after_key_id,
                                            std::size_t limit) const;

  /// `conflict` if the id or a hash is taken.
  Status put_new(const auth::KeyRecord& record, rocksdb::WriteBatch& batch) const;
  /// Replaces `before`: hashes that it no longer has are removed.
  Status put_changed(const auth::KeyRecord& before, const auth::KeyRecord& after, rocksdb::WriteBatch& batch) const;
  void put_last_used(const std::string& key_id, UnixMillis time, rocksdb::WriteBatch& batch) const;

 private:
  Database& database_;
};

}  // namespace triggers::store

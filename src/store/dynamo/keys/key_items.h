#pragma once

// API keys in the api-keys table. Their rate limits, which nodes share, are in rate_budget.h; keys in memory are in
// api/keys.

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "store/dynamo/client/table.h"
#include "store/key_store.h"

namespace triggers::store::dynamo {

/// API keys in the api-keys table: docs/storage-format.md. A change is one transaction over the record, its secrets and
/// its user's list; two changes of one key at once are told apart by the revision. Any thread.
class KeyItems {
 public:
  KeyItems(Caller& caller, std::string table) : caller_(caller), table_(caller, std::move(table)) {}

  // As in KeyStore. On a slow DynamoDB a list and a change begin nothing after 10 s, and end with `overloaded`.
  Task<Status> create(auth::KeyRecord record);
  Task<Result<auth::KeyRecord>> update(std::string key_id, KeyChange change);
  Task<Result<std::optional<auth::KeyRecord>>> by_id(std::string key_id);
  /// Two reads.
  Task<Result<std::optional<auth::KeyRecord>>> by_hash(auth::KeyHash hash);
  /// For one user: a query, and a read for each key. For all: scans the whole table for every page.
  Task<Result<std::vector<auth::KeyRecord>>> list(std::optional<std::string> user_id, std::string after_key_id,
                                                  std::size_t limit);
  /// One write for each key. Begins no write after 5 s, or after a failed one.
  Task<Status> touch(std::vector<std::pair<std::string, UnixMillis>> last_used);
  Task<Result<std::string>> shared_secret();

 private:
  Task<Status> touch_one(std::string key_id, UnixMillis time);
  /// The table may have a deadline.
  static Task<Result<std::optional<auth::KeyRecord>>> read(Table& table, std::string key_id);
  Task<Status> read_into(std::string key_id, std::optional<auth::KeyRecord>& record);
  using TimePoint = std::chrono::steady_clock::time_point;
  Task<Result<std::vector<std::string>>> ids_of_user(std::string user_id, std::string after_key_id, std::size_t limit,
                                                     TimePoint until);
  Task<Result<std::vector<auth::KeyRecord>>> list_all(std::string after_key_id, std::size_t limit, TimePoint until);
  /// The writes of a transaction that creates or replaces `after`.
  [[nodiscard]] boost::json::object transaction(const auth::KeyRecord* before, const auth::KeyRecord& after) const;

  Caller& caller_;
  Table table_;
};

}  // namespace triggers::store::dynamo

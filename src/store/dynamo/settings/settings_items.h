#pragma once

// The items of a tenant's settings: a head with a version, and one item for each inbox that is not as every tenant's
// `default` is. The cache of them is in settings_directory.h, their keys in events/layout.h.

#include <cstdint>
#include <optional>

#include "store/dynamo/client/table.h"
#include "store/inbox_changes.h"

namespace triggers::store::dynamo {

/// What a tenant's settings are. Attributes of the head: `v` version, `n` next_number, `m` managed_since. Of an inbox:
/// `w` its record. Of a removed inbox: `t` when it was removed.
struct StoredSettings {
  std::uint64_t version = 0;      ///< Each change increments it. 0: there are none; the tenant is plain.
  std::uint64_t next_number = 1;  ///< Of the next inbox. It only grows, so no number is given twice.
  UnixMillis managed_since{};     ///< By the clock of the node that made the head.
  InboxRecords records{};         ///< `default` is always among them.
};

/// What one change writes. At most one of the two.
struct SettingsWrite {
  std::optional<InboxRecord> put{};
  std::optional<InboxRecord> removed{};
};

/// Reads and writes through a table, which may be one request's.
class SettingsItems {
 public:
  explicit SettingsItems(Table& table) : table_(table) {}

  /// Only the version. One read.
  Task<Result<std::uint64_t>> version(const Tenant& tenant);
  /// All of it, as it was at one moment after the call began. `overloaded` if it changes all the time.
  Task<Result<StoredSettings>> read(const Tenant& tenant);
  /// Stores the change with a new version, unless `before` is no longer what is stored: false. Makes the head if there
  /// is none. `unavailable` if the outcome is unknown.
  Task<Result<bool>> write(const Tenant& tenant, const StoredSettings& before, SettingsWrite change, UnixMillis now);

 private:
  Task<Status> read_inboxes(const Tenant& tenant, InboxRecords& records);

  Table& table_;
};

}  // namespace triggers::store::dynamo

#pragma once

// The settings of inboxes on the disk. What is in memory of them is in roster.h; how they change is in
// commit/settings_stage.h.

#include <optional>
#include <string>

#include "base/result.h"
#include "store/inbox_changes.h"
#include "store/rocks/database/database.h"
#include "store/rocks/inbox/job_board.h"
#include "store/rocks/inbox/tenants.h"

namespace triggers::store {

/// Reads the settings under `settings/` in the family `default`. Any thread. Errors: `internal`, noted as damage.
class SettingsTable {
 public:
  explicit SettingsTable(Database& database) : database_(database) {}

  /// The records of all inboxes of the tenant, `default` among them, as of one moment.
  [[nodiscard]] Result<InboxRecords> records(const std::string& tenant) const;
  /// Nothing if there is no such inbox.
  [[nodiscard]] Result<std::optional<InboxRecord>> record(const std::string& tenant, const InboxName& name) const;

 private:
  Database& database_;
};

/// Loads at the start what the database says of inboxes: their settings, their counters, their jobs, and those that
/// were removed. `unavailable` if something is damaged; but a job that cannot be read is only noted as damage.
[[nodiscard]] Status load_inboxes(Database& database, Tenants& tenants, JobBoard& jobs);

}  // namespace triggers::store

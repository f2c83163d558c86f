#pragma once

// Makes a new store from a damaged one: repair.cc copies what can be read, repair_rebuild.cc makes it consistent.
// Finding damage without repairing it is in database/store_check.h; the command is in apps/triggers/repair_command.h.

#include <cstdint>
#include <string>
#include <vector>

#include "store/rocks/database/database.h"

namespace triggers::store {

/// What a repair has found, for the operator.
struct RepairReport {
  std::uint64_t events = 0;
  std::uint64_t unacknowledged = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t keys = 0;
  std::uint64_t made_unacknowledged_again = 0;  ///< Events without a pending entry and without an acknowledgement.
  std::vector<std::string> losses;              ///< What could not be read, and what was wrong.
};

/// Makes a new store in `into`, which must not exist, from everything that can be read in the damaged store in
/// `config.data_dir`. The damaged store stays as it is. Table files are hard links where the file system allows.
///
/// An event is unacknowledged in the new store unless its acknowledgement can be read. Counters are recomputed. Errors:
/// `invalid_argument` (the store is whole; `into` exists), `not_found`, `conflict`, `unavailable`.
Result<RepairReport> repair_store(const DatabaseConfig& config, const std::string& into);

/// The second half of repair_store(): makes `db`, with `families` in the order of Family, consistent.
Status rebuild(rocksdb::DB& db, const std::vector<rocksdb::ColumnFamilyHandle*>& families, RepairReport& report);

}  // namespace triggers::store

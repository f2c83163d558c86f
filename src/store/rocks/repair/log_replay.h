#pragma once

// Applies the logs of a damaged store to its tables, for a repair. Which batches there are is in log_batches.h.

#include <string>
#include <vector>

#include "base/result.h"
#include "store/rocks/repair/table_choice.h"

namespace rocksdb {
class ColumnFamilyHandle;
class DB;
}  // namespace rocksdb

namespace triggers::store {

/// Replays the logs in `from`, each write into the family that it was made to. Writes that the tables have already are
/// left out: over newer tables, they would bring back what was removed since. If a table of the family is damaged, they
/// fill in what the other tables do not have.
///
/// `unavailable` if a log names a family by a number that is not known: its writes would be lost, or go astray.
Status replay_logs(rocksdb::DB& db, const std::vector<rocksdb::ColumnFamilyHandle*>& families,
                   const TableChoice& choice, const std::string& from, std::vector<std::string>& losses);

}  // namespace triggers::store

#pragma once

// Keeps the numbers of column families in a repair: before it, adds a table with one entry for each family without a
// table; after it, removes these entries. The rest of a repair is in repair.h.

#include <string>
#include <vector>

#include "base/result.h"
#include "store/rocks/database/database_config.h"

namespace rocksdb {
class ColumnFamilyHandle;
class DB;
}  // namespace rocksdb

namespace triggers::store {

/// A log names a family by its number. RepairDB knows a family and its number only from tables, so a family without a
/// table would get another number, and a later repair would take its writes in a log for those of another family. These
/// functions give such a family its usual number: its place in Family.

/// Before RepairDB: adds a table with one entry, of each family without a table, to the tables in `data_dir`. Leaves a
/// family out if tables of another one have its number.
Status add_missing_family_tables(const DatabaseConfig& config, const std::string& data_dir);

/// Afterwards: removes those entries.
Status remove_added_entries(rocksdb::DB& db, const std::vector<rocksdb::ColumnFamilyHandle*>& families);

}  // namespace triggers::store

#pragma once

// Makes a data directory from a database: for a backup and after a repair. The list of files that it writes is in
// disk/inventory.h.

#include <cstdint>
#include <map>
#include <string>

#include "base/result.h"

namespace rocksdb {
class DB;
}

namespace triggers::store {

/// The checksum of each table file, by its name; empty if RocksDB knows none.
using TableChecksums = std::map<std::string, std::string>;
[[nodiscard]] TableChecksums table_checksums(rocksdb::DB& db);

/// Writes the inventory of a data directory whose database is not open. Reads the table files that `tables` lacks.
Status seal_directory(const std::string& data_dir, const std::string& store_id, std::uint64_t sequence,
                      const TableChecksums& tables);

/// Writes the inventory, the witness and finally FORMAT beside a database that nobody has open, which makes it a store.
Status finish_directory(const std::string& data_dir, std::uint64_t sequence, const TableChecksums& tables);

/// Turns the empty `directory` into a data directory with a copy of the database.
Status make_copy(rocksdb::DB& db, const std::string& directory);

/// The same for a database that is open for reading only, in the data directory `from`, which does not change. RocksDB
/// makes no checkpoint of such a database. Nobody may write to its files meanwhile. A copy of a version 1 store has
/// version 1.
Status copy_files(rocksdb::DB& db, const std::string& from, const std::string& directory);

}  // namespace triggers::store

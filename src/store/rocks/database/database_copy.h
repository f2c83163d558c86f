#pragma once

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

/// Writes the inventory, the witness and at last FORMAT beside a database that nobody has open: a store of its own.
Status finish_directory(const std::string& data_dir, std::uint64_t sequence, const TableChecksums& tables);

/// Makes a data directory, with a copy of the database, of `directory`, which is there and empty.
Status make_copy(rocksdb::DB& db, const std::string& directory);

/// The same of a database that is open for reading only, in the data directory `from`, which stays as it is: RocksDB
/// makes no checkpoint of such a one. Nobody writes to its files meanwhile. A store of version 1 stays one.
Status copy_files(rocksdb::DB& db, const std::string& from, const std::string& directory);

}  // namespace triggers::store

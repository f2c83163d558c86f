#pragma once

// Reads and writes RocksDB's manifests without RocksDB, because RocksDB reads only the one that CURRENT names, and only
// if it is whole. Which tables a repair takes is decided in repair/table_choice.h.

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"

namespace triggers::store {

/// A table, as a manifest describes it.
struct TableEntry {
  unsigned level = 0;
  /// Of the writes in it. A compaction to the last level sets those of old writes to 0.
  std::uint64_t smallest_sequence = 0, largest_sequence = 0;
  std::string smallest_key, largest_key;
  std::uint64_t bytes = 0;
  std::string checksum;  ///< CRC-32C of the file, 4 bytes; empty: not known.
  std::string encoded;   ///< All that follows the level, as it is stored.
};

struct FamilyEntry {
  std::string name;
  std::uint64_t log_number = 0;  ///< The tables have all writes of this family in logs with lower numbers.
  std::map<std::uint64_t, TableEntry> tables;
};

struct Manifest {
  std::string name;
  std::uint64_t number = 0;  ///< In its name.
  bool whole = false;        ///< Every record was read and understood.
  std::map<std::uint32_t, FamilyEntry> families;
  std::set<std::uint64_t> removed;  ///< Tables that were removed, since others have replaced them.
  std::uint64_t next_file = 0;      ///< RocksDB had used only lower numbers for files.
  std::uint64_t last_sequence = 0;
};

/// What can be read of every manifest in `directory`, oldest first.
Result<std::vector<Manifest>> read_manifests(const std::string& directory);

/// Makes `manifest` the one of the database in `directory`.
Status write_manifest(const std::string& directory, const Manifest& manifest);

}  // namespace triggers::store

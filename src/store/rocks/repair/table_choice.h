#pragma once

// Decides which tables of a damaged store a repair takes, and which number each family has. Copying tables and
// replaying logs is in repair.cc.

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/rocks/database/database_config.h"
#include "store/rocks/disk/manifest.h"
#include "store/rocks/repair/found_tables.h"

namespace triggers::store {

struct TableChoice {
  Manifest manifest;  ///< Of the new store.
  /// Whether a manifest of the damaged store told which tables belong to it. Then its families' log numbers hold.
  bool is_told = false;
  std::uint64_t told_sequence = 0;  ///< Newer writes are not in tables that it names.
  /// Families of which a table is damaged, or may be missing, and the newest write that a damaged one is known to have.
  std::map<std::uint32_t, std::uint64_t> incomplete;
  std::set<std::uint32_t> overlapping;  ///< Families with tables that may repeat each other's writes.
  std::set<std::uint32_t> assumed;      ///< Families whose number no manifest and no table names.
  std::vector<std::string> left_out;    ///< One line for each table.
};

/// Takes the tables that the newest manifest in `from` names, and newer ones. If that manifest is not whole, or a table
/// of it is missing, takes all tables but those that what is left of a manifest calls removed. `target` names a folder
/// for temporary files.
Result<TableChoice> choose_tables(const DatabaseConfig& target, const std::string& from, const FoundTables& found);

}  // namespace triggers::store

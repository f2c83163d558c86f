#pragma once

// Reads from a table what a manifest says of it, for a repair without a manifest.

#include <cstdint>
#include <string>

#include "base/result.h"
#include "store/rocks/database/database_config.h"
#include "store/rocks/disk/manifest.h"

namespace triggers::store {

struct NamedTable {
  std::uint32_t family = 0;
  std::string family_name;
  TableEntry entry;
};

/// `not_found` if the table is of a family that this program does not have. `target` names a folder for temporary
/// files.
Result<NamedTable> read_table_entry(const DatabaseConfig& target, const std::string& path);

}  // namespace triggers::store

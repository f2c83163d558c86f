#pragma once

// The tables in the folder of a damaged database, for a repair. Which of them it takes is decided in table_choice.h.

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/rocks/disk/manifest.h"

namespace triggers::store {

struct FoundTables {
  std::set<std::uint64_t> whole;
  std::set<std::uint64_t> damaged;
  std::set<std::uint64_t> empty;  ///< Damaged ones of 0 bytes. A kill may leave such a table, whose writes are in logs.
};

/// The path of a table in the folder of a database.
[[nodiscard]] std::string table_path(const std::string& directory, std::uint64_t number);

/// Reads every table in `directory`. Appends to `losses` what is damaged, but for those that are empty.
Result<FoundTables> find_tables(const std::string& directory, std::vector<std::string>& losses);

/// Whether the whole table at `path` is the one that a manifest describes. Another one may have its number: of a copy
/// that went its own way.
[[nodiscard]] bool is_as_described(const std::string& path, const TableEntry& described);

}  // namespace triggers::store

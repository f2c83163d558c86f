#pragma once

// The file INVENTORY: the list of files after a clean stop, and the comparison with the directory. For an unclean stop
// there is in witness.h.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace triggers::store {

/// A file of the data directory as it must be.
struct InventoryFile {
  std::string name;  ///< Below the data directory: `db/CURRENT`.
  std::uint64_t bytes = 0;
  std::string checksum;  ///< CRC-32C, 8 hexadecimal digits; empty: not known.

  bool operator==(const InventoryFile&) const = default;
};

/// The file `INVENTORY` of a data directory: which files belong to the store.
struct Inventory {
  std::string store_id;
  bool closed = false;         ///< The store was stopped cleanly, and these are all of its files.
  std::uint64_t sequence = 0;  ///< RocksDB's number of the last write then: at the stop, or when the run began.
  std::vector<InventoryFile> files{};

  [[nodiscard]] static std::string path(const std::string& data_dir);
  /// Nothing if there is none or it cannot be read; the witness then has the same facts, less exactly.
  [[nodiscard]] static std::optional<Inventory> read(const std::string& data_dir);
  /// Durable when it returns.
  [[nodiscard]] Status write(const std::string& data_dir) const;

  /// Adds the file as it is now. `checksum`: what is known of it, or empty; without one the file is read.
  Status add(const std::string& data_dir, const std::string& name, std::optional<std::string> checksum = {});
};

/// The problems of the files of an inventory, a line each; empty if there are none. Reads at most `table_bytes_max` of
/// table files, newest first, and the others whole. `complete`: a file of the database that is not listed is a problem
/// too: it is from another time, and RocksDB would replay or remove it.
[[nodiscard]] std::vector<std::string> differences(const Inventory& inventory, const std::string& data_dir,
                                                   std::uint64_t table_bytes_max, bool complete);

}  // namespace triggers::store

#pragma once

// Compares the tables of an open database with the sizes that RocksDB knows. Their checksums are compared when a store
// is opened: database/trial_open.h.

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace rocksdb {
class DB;
}

namespace triggers::store {

/// Checks that each table of an open database exists and has its recorded size: some tables at a time, round after
/// round. One thread at a time.
class TableSizeCheck {
 public:
  /// Tables that one check_next() examines. It examines all tables of a store with at most this many. The list of
  /// tables is read once a round.
  static constexpr std::size_t tables_max = 1'000;

  /// `directory`: of the database.
  explicit TableSizeCheck(std::string directory, std::size_t tables_at_a_time = tables_max)
      : directory_(std::move(directory)), tables_at_a_time_(tables_at_a_time) {}

  /// What is wrong with the next tables; empty if nothing is.
  [[nodiscard]] std::string check_next(rocksdb::DB& db);

 private:
  struct Table {
    std::string name;  ///< Begins with a slash.
    std::uint64_t bytes = 0;
  };

  void begin_round(rocksdb::DB& db);
  [[nodiscard]] bool is_whole(const Table& table) const;

  const std::string directory_;
  const std::size_t tables_at_a_time_;
  std::vector<Table> round_;
  std::size_t next_ = 0;
};

}  // namespace triggers::store

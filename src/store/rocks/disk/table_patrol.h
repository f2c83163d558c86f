#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace rocksdb {
class DB;
}

namespace triggers::store {

/// Checks that each table of an open database exists and has its size: some tables at a time, round after round. For
/// one thread at a time.
class TablePatrol {
 public:
  /// Tables that one check_next() stats. A store of so many is looked at whole each time; the list of them is taken
  /// once a round.
  static constexpr std::size_t tables_max = 1'000;

  /// `directory`: of the database.
  explicit TablePatrol(std::string directory, std::size_t tables_at_a_time = tables_max)
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

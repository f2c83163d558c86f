#pragma once

// How the second half of a repair walks over the families of the new store and changes their entries. What is changed
// is in repair_indexes.h.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/rocks/database/database_config.h"

namespace rocksdb {
class ColumnFamilyHandle;
class DB;
class WriteBatch;
}  // namespace rocksdb

namespace triggers::store {

/// The families of a store that is being repaired. Changes are written in batches and without a log, because the store
/// is synced at the end, or discarded.
class RepairedFamilies {
 public:
  RepairedFamilies(rocksdb::DB& db, const std::vector<rocksdb::ColumnFamilyHandle*>& families);
  RepairedFamilies(const RepairedFamilies&) = delete;
  RepairedFamilies& operator=(const RepairedFamilies&) = delete;
  ~RepairedFamilies();

  using Take = std::function<Status(std::string_view key, std::string_view value)>;
  /// Calls `take` for each entry, as they were when the walk began, and writes what it changes.
  Status each(Family name, const Take& take);

  /// False if there is no such entry. An entry that cannot be read is an Error: it may be there.
  Result<bool> get(Family name, std::string_view key, std::string& value) const;
  void put(Family name, std::string_view key, std::string_view value);
  void remove(Family name, std::string_view key);

 private:
  [[nodiscard]] rocksdb::ColumnFamilyHandle* family(Family name) const {
    return families_[static_cast<std::size_t>(name)];
  }
  Status write();

  rocksdb::DB& db_;
  const std::vector<rocksdb::ColumnFamilyHandle*>& families_;
  std::unique_ptr<rocksdb::WriteBatch> batch_;
};

}  // namespace triggers::store

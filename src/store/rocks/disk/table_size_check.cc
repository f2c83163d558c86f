#include "store/rocks/disk/table_size_check.h"

#include <rocksdb/db.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace triggers::store {

namespace {

std::vector<rocksdb::LiveFileMetaData> live_tables(rocksdb::DB& db) {
  std::vector<rocksdb::LiveFileMetaData> tables;
  db.GetLiveFilesMetaData(&tables);
  return tables;
}

}  // namespace

void TableSizeCheck::begin_round(rocksdb::DB& db) {
  round_.clear();
  next_ = 0;
  for (auto& table : live_tables(db)) round_.push_back({std::move(table.name), table.size});
}

bool TableSizeCheck::is_whole(const Table& table) const {
  std::error_code error;
  return std::filesystem::file_size(directory_ + table.name, error) == table.bytes && !error;
}

std::string TableSizeCheck::check_next(rocksdb::DB& db) {
  if (next_ == round_.size()) begin_round(db);
  const std::size_t end = std::min(round_.size(), next_ + tables_at_a_time_);
  std::vector<rocksdb::LiveFileMetaData> live;
  for (; next_ < end; ++next_) {
    const auto& table = round_[next_];
    if (is_whole(table)) continue;
    // A compaction may have removed it since: what counts is what the database needs after its file was missed.
    const auto is_live = [&] {
      return std::ranges::find(live, table.name, &rocksdb::LiveFileMetaData::name) != live.end();
    };
    if (!live.empty() && !is_live()) continue;
    live = live_tables(db);
    if (is_live() && !is_whole(table)) return directory_ + table.name + " is gone or was cut";
  }
  return {};
}

}  // namespace triggers::store

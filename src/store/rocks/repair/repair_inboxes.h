#pragma once

// The part of a repair that finds out which inboxes the damaged store had. What is done with their entries is in
// repair_rebuild.cc.

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "store/rocks/database/database.h"
#include "store/rocks/repair/repair.h"

namespace triggers::store {

/// The inboxes of every tenant, by all that names them: settings, counters, entries. An inbox whose settings were lost
/// gets some, so that its entries are not lost too.
class KnownInboxes {
 public:
  KnownInboxes(rocksdb::DB& db, const std::vector<rocksdb::ColumnFamilyHandle*>& families)
      : db_(db), families_(families) {}

  /// Reads what there is. Unreadable settings are removed.
  Status find(rocksdb::WriteBatch& batch, RepairReport& report);
  /// Puts the settings of inboxes that have lost theirs, made at `now`. They collect nothing.
  void put_lost(rocksdb::WriteBatch& batch, UnixMillis now, RepairReport& report) const;

  /// Ends the jobs that were running, as failed: what they have done, or were asked to do, may be lost. A purge that
  /// went on would remove what was put in again since. Call it after find().
  Status end_jobs(rocksdb::WriteBatch& batch, UnixMillis now, RepairReport& report);

  /// The places (layout.h) of the inboxes of the tenant; `default` is among them.
  [[nodiscard]] std::set<std::string> places_of(const std::string& tenant) const;

 private:
  struct Inboxes {
    std::set<std::uint64_t> numbers;   ///< Of inboxes that are there in whatever way.
    std::set<std::uint64_t> complete;  ///< Of those with settings, and those that are leaving.
    std::set<std::string> names;
  };

  [[nodiscard]] rocksdb::ColumnFamilyHandle* family(Family name) const {
    return families_[static_cast<std::size_t>(name)];
  }
  template <class Take>
  Status each(std::string_view prefix, const Take& take);
  Status find_settings(rocksdb::WriteBatch& batch, RepairReport& report);
  Status find_entries(Family name);

  rocksdb::DB& db_;
  const std::vector<rocksdb::ColumnFamilyHandle*>& families_;
  std::map<std::string, Inboxes> by_tenant_;
};

}  // namespace triggers::store

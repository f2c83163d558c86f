#include "store/rocks/repair/log_replay.h"

#include <rocksdb/db.h>
#include <rocksdb/utilities/write_batch_with_index.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "store/rocks/repair/log_batches.h"

namespace triggers::store {
namespace {

/// Families whose entries are put once and removed with SingleDelete. It removes one put, so with two of them the older
/// one would come back.
constexpr bool is_put_once(Family family) {
  return family == Family::events || family == Family::pending || family == Family::acknowledged ||
         family == Family::expiry;
}

/// What is known of a family of the damaged store.
struct Target {
  std::size_t place = 0;
  std::uint64_t log_number = 0;      ///< The tables have the writes in logs with lower numbers, or had them.
  std::uint64_t table_sequence = 0;  ///< The tables have the writes up to this number, or had them.
  bool is_incomplete = false;        ///< One of its tables is damaged, or may be missing.
  std::uint64_t lost_sequence = 0;   ///< A damaged table had writes up to this number.
  std::set<std::string> filled{};    ///< Keys that older writes have filled in.
};

class Replay final : public rocksdb::WriteBatch::Handler {
 public:
  Replay(rocksdb::DB& db, const std::vector<rocksdb::ColumnFamilyHandle*>& families, const TableChoice& choice)
      : db_(db), families_(families), told_sequence_(choice.told_sequence) {
    for (const auto& [number, family] : choice.manifest.families) {
      const auto found = std::ranges::find(families, family.name, &rocksdb::ColumnFamilyHandle::GetName);
      if (found == families.end()) continue;
      Target& target = targets_[number];
      target.place = static_cast<std::size_t>(found - families.begin());
      target.log_number = choice.is_told ? family.log_number : 0;
      if (const auto lost = choice.incomplete.find(number); lost != choice.incomplete.end()) {
        target.is_incomplete = true;
        target.lost_sequence = lost->second;
      }
      for (const auto& [table, entry] : family.tables) {
        target.table_sequence = std::max(target.table_sequence, entry.largest_sequence);
      }
    }
  }

  rocksdb::Status apply(std::uint64_t sequence, const LogBatch& batch) {
    sequence_ = sequence;
    log_ = batch.log;
    rocksdb::WriteBatchWithIndex out;
    out_ = &out;
    const rocksdb::WriteBatch repeated{batch.bytes};
    auto status = repeated.Iterate(this);
    rocksdb::WriteOptions options;
    options.disableWAL = true;  // The store is synced at the end, or discarded.
    if (status.ok()) status = db_.Write(options, out.GetWriteBatch());
    return status;
  }

  rocksdb::Status PutCF(std::uint32_t family, const rocksdb::Slice& key, const rocksdb::Slice& value) override {
    Target* const target = target_of(family);
    if (target == nullptr) return rocksdb::Status::OK();
    const bool is_older = is_in_tables(*target);
    if (is_older && !target->is_incomplete) return rocksdb::Status::OK();
    const bool is_filled = is_older && target->filled.contains(key.ToString());
    if (is_put_once(static_cast<Family>(target->place)) || (is_older && !is_filled)) {
      rocksdb::PinnableSlice there;
      const auto status = out_->GetFromBatchAndDB(&db_, {}, families_[target->place], key, &there);
      if (!status.IsNotFound()) return status;
    }
    if (is_older) target->filled.insert(key.ToString());
    return out_->Put(families_[target->place], key, value);
  }
  rocksdb::Status DeleteCF(std::uint32_t family, const rocksdb::Slice& key) override {
    Target* const target = target_of(family);
    if (target == nullptr) return rocksdb::Status::OK();
    if (is_in_tables(*target) && !target->filled.contains(key.ToString())) return rocksdb::Status::OK();
    return out_->Delete(families_[target->place], key);
  }
  rocksdb::Status SingleDeleteCF(std::uint32_t family, const rocksdb::Slice& key) override {
    // Removes what two tables have, too: an obsolete one may be among them.
    return DeleteCF(family, key);
  }

  /// How many writes each log has for each family number that is not known.
  using Unknown = std::map<std::uint64_t, std::map<std::uint32_t, std::uint64_t>>;
  [[nodiscard]] const Unknown& unknown() const { return unknown_; }
  /// How many writes went to each family by its number.
  [[nodiscard]] const std::map<std::uint32_t, std::uint64_t>& counts() const { return counts_; }

 private:
  /// Every write takes one sequence number, so this is called once for each.
  Target* target_of(std::uint32_t number) {
    at_ = sequence_++;
    const auto found = targets_.find(number);
    if (found == targets_.end()) {
      ++unknown_[log_][number];
      return nullptr;
    }
    ++counts_[number];
    return &found->second;
  }
  [[nodiscard]] bool is_in_tables(const Target& target) const {
    if (at_ <= target.table_sequence) return true;
    return log_ < target.log_number && at_ <= told_sequence_ && at_ > target.lost_sequence;
  }

  rocksdb::DB& db_;
  const std::vector<rocksdb::ColumnFamilyHandle*>& families_;
  const std::uint64_t told_sequence_;
  std::map<std::uint32_t, Target> targets_;
  rocksdb::WriteBatchWithIndex* out_ = nullptr;
  std::uint64_t sequence_ = 0, at_ = 0, log_ = 0;
  Unknown unknown_;
  std::map<std::uint32_t, std::uint64_t> counts_;
};

Error unknown_families(const Replay::Unknown& unknown) {
  std::string text;
  for (const auto& [log, numbers] : unknown) {
    for (const auto& [number, count] : numbers) {
      text += (text.empty() ? "" : ", ") + std::to_string(count) + " writes in the log with the number " +
              std::to_string(log) + " for family " + std::to_string(number);
    }
  }
  return {ErrorCode::unavailable,
          "a log names families by numbers that no manifest and no table in db/ names: " + text +
              ". Put the manifest back if you have it. To repair without these logs, move them out of db/"};
}

}  // namespace

Status replay_logs(rocksdb::DB& db, const std::vector<rocksdb::ColumnFamilyHandle*>& families,
                   const TableChoice& choice, const std::string& from, std::vector<std::string>& losses) {
  const auto batches = batches_of_logs(from, losses);
  if (!batches) return batches.error();
  Replay replay(db, families, choice);
  for (const auto& [sequence, batch] : *batches) {
    const auto status = replay.apply(sequence, batch);
    if (!status.ok()) return Error{ErrorCode::unavailable, "the repair failed: " + status.ToString()};
  }
  if (!replay.unknown().empty()) return unknown_families(replay.unknown());
  for (const auto& [number, count] : replay.counts()) {
    if (!choice.assumed.contains(number)) continue;
    losses.push_back("no manifest and no table names the family with the number " + std::to_string(number) + ": " +
                     std::to_string(count) + " writes in the logs are taken for those of the family " +
                     choice.manifest.families.at(number).name + ", which usually has it");
  }
  return Done{};
}

}  // namespace triggers::store

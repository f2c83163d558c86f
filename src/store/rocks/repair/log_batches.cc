#include "store/rocks/repair/log_batches.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>
#include <vector>

#include "store/rocks/disk/log_check.h"

namespace triggers::store {
namespace {

using Batches = std::map<std::uint64_t, LogBatch>;

struct Log {
  LogScan scan;
  Batches batches;
  std::size_t repeated = 0;  ///< Batches with the same number as one before them in this log.
};

void tell_damage(const LogScan& log, std::vector<std::string>& losses) {
  if (log.damage) {
    losses.push_back("db/" + log.name + " cannot be read at byte " + std::to_string(*log.damage));
  } else if (log.torn_bytes() > 0) {
    losses.push_back("db/" + log.name + " ends in " + std::to_string(log.torn_bytes()) + " bytes that cannot be read");
  }
}

Result<Log> read_log(const std::string& directory, const LogScan& scan) {
  Log log{scan, {}, 0};
  auto read = each_batch(directory + "/" + scan.name, [&](std::string_view bytes) {
    const auto numbers = batch_numbers(bytes);
    if (!numbers || numbers->count == 0) return;
    const auto [batch, is_new] = log.batches.try_emplace(numbers->sequence);
    if (is_new) batch->second = {numbers->sequence + numbers->count, scan.number, std::string{bytes}};
    log.repeated += is_new ? 0 : 1;
  });
  if (!read) return std::move(read).error();
  return log;
}

/// The batches of one history.
class History {
 public:
  void add(Log& log, std::vector<std::string>& losses) {
    const std::uint64_t end = batches_.empty() ? 0 : batches_.rbegin()->second.end;
    const bool agrees =
        std::ranges::all_of(log.batches, [this](const auto& batch) { return is_free(batch) || is_same(batch); });
    if (agrees) join_names(log);
    std::size_t left_out = log.repeated;
    std::size_t filled = 0;
    for (auto& batch : log.batches) {
      const bool taken = is_free(batch) && (agrees || batch.first >= end);
      left_out += taken ? 0 : 1;
      filled += taken && batch.first < end ? 1 : 0;
      if (taken) batches_.emplace(batch.first, std::move(batch.second));
    }
    if (filled > 0) {
      losses.push_back(std::to_string(filled) + " batches of db/" + log.scan.name +
                       " are taken where another log cannot be read: they are not lost");
    }
    if (left_out == 0) return;
    losses.push_back(std::to_string(left_out) + " batches of db/" + log.scan.name +
                     " are left out: another log has writes with the same numbers" +
                     (agrees ? ", which are the same writes" : ", which are other writes"));
  }

  Batches take() { return std::move(batches_); }

 private:
  using Batch = Batches::value_type;

  [[nodiscard]] bool is_same(const Batch& batch) const {
    const auto found = batches_.find(batch.first);
    return found != batches_.end() && found->second.bytes == batch.second.bytes;
  }
  /// A copy may have a lower number than its log. The tables lack what they lack of the newer name.
  void join_names(Log& log) {
    std::set<std::uint64_t> names;
    for (const auto& batch : log.batches) {
      if (is_same(batch)) names.insert(batches_.at(batch.first).log);
    }
    if (names.empty()) return;
    names.insert(log.scan.number);
    const std::uint64_t newest = *names.rbegin();
    for (auto& [sequence, batch] : log.batches) batch.log = newest;
    for (auto& [sequence, batch] : batches_) {
      if (names.contains(batch.log)) batch.log = newest;
    }
  }
  /// Whether no other batch has one of its numbers.
  [[nodiscard]] bool is_free(const Batch& batch) const {
    const auto after = batches_.lower_bound(batch.first);
    if (after != batches_.end() && after->first < batch.second.end) return false;
    return after == batches_.begin() || std::prev(after)->second.end <= batch.first;
  }

  Batches batches_;
};

}  // namespace

Result<Batches> batches_of_logs(const std::string& directory, std::vector<std::string>& losses) {
  const auto scans = scan_logs(directory);
  if (!scans) return scans.error();
  std::multimap<std::uint64_t, Log> in_order;
  for (const auto& scan : *scans) {
    tell_damage(scan, losses);
    auto log = read_log(directory, scan);
    if (!log) return std::move(log).error();
    if (log->batches.empty()) continue;
    const auto first = log->batches.begin()->first;
    in_order.emplace(first, std::move(*log));
  }
  History history;
  for (auto& [first, log] : in_order) history.add(log, losses);
  return history.take();
}

}  // namespace triggers::store

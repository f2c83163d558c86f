#include "store/rocks/database/space_reclaim.h"

#include <rocksdb/db.h>

#include <algorithm>
#include <exception>
#include <vector>

#include "base/thread_name.h"

namespace triggers::store {
namespace {

constexpr std::uint64_t logs_bytes_min = 1024 * 1024;

}  // namespace

SpaceReclaim::~SpaceReclaim() {
  cancelled_ = true;
  if (running_.valid()) running_.wait();
}

void SpaceReclaim::tend(const Situation& situation, TimePoint now) {
  if (running_.valid() && running_.wait_for(std::chrono::seconds{0}) != std::future_status::ready) return;
  // The tables need room before the logs can go. A flush that fails would stop all writes.
  if (situation.unflushed_bytes >= situation.free_bytes) return;
  const bool compacts =
      !situation.has_room && now >= next_compaction_ && events_removed_.load(std::memory_order_relaxed);
  // On a small disk: later there would be no room for the tables.
  const bool logs_are_large =
      situation.logs_bytes >= logs_bytes_min && situation.logs_bytes >= situation.free_bytes / 2;
  if (!compacts && !(logs_are_large && now >= next_flush_)) return;
  next_flush_ = now + flush_interval;
  if (compacts) {
    next_compaction_ = now + compaction_interval;
    events_removed_.store(false, std::memory_order_relaxed);
  }
  try {
    running_ = std::async(std::launch::async, [this, compacts] {
      name_thread("reclaim");
      flush();
      if (compacts) compact_events();
    });
  } catch (const std::exception&) {
    // No thread for it. A later call tries again.
    if (compacts) note_removed_events();
  }
}

/// Failures are reported by the failure listener.
void SpaceReclaim::flush() {
  rocksdb::FlushOptions options;
  options.allow_write_stall = true;  // Waiting for the end of a stall would wait for compactions.
  std::vector<rocksdb::ColumnFamilyHandle*> families;
  std::ranges::copy_if(families_, std::back_inserter(families), [](const auto* family) { return family != nullptr; });
  db_.Flush(options, families).PermitUncheckedError();
}

void SpaceReclaim::compact_events() {
  auto* const events = families_[static_cast<std::size_t>(Family::events)];
  std::uint64_t bytes = 0;
  if (!db_.GetIntProperty(events, rocksdb::DB::Properties::kTotalSstFilesSize, &bytes)) return;
  if (bytes > compacted_bytes_max) return;
  rocksdb::CompactRangeOptions options;
  options.exclusive_manual_compaction = false;  // Other families are compacted meanwhile.
  options.canceled = &cancelled_;
  db_.CompactRange(options, events, nullptr, nullptr).PermitUncheckedError();
}

}  // namespace triggers::store

// The upkeep of an open Database: whether it takes writes, stopping them, resuming them after a shortage, and the
// thread that checks its files and the disk. That thread stops writes if a file is lost or writes cannot be resumed.
// After a failed write, database.cc stops them. Reading, writing and opening are in database.cc.

#include <rocksdb/db.h>

#include <algorithm>
#include <exception>
#include <future>
#include <span>

#include "base/mutex.h"
#include "base/stoppable_sleep.h"
#include "base/thread_name.h"
#include "log/log.h"
#include "store/rocks/database/database.h"
#include "store/rocks/database/space_reclaim.h"
#include "store/rocks/disk/directory_guard.h"
#include "store/rocks/disk/disk_space.h"
#include "store/rocks/disk/file_watch.h"
#include "store/rocks/disk/table_size_check.h"

namespace triggers::store {
namespace {

constexpr std::chrono::milliseconds check_interval{250};
constexpr int checks_per_thorough_one = 4;
/// If the disk finishes no operation for this long, a resume is stuck.
constexpr std::chrono::seconds still_max{10};

/// RocksDB begins a new log only if a memtable has an entry.
bool has_entries(rocksdb::DB& db, std::span<rocksdb::ColumnFamilyHandle* const> families) {
  return std::ranges::any_of(families, [&](auto* family) {
    std::uint64_t entries = 0;
    return db.GetIntProperty(family, rocksdb::DB::Properties::kNumEntriesActiveMemTable, &entries) && entries > 0;
  });
}

void tell_level(const std::string& data_dir, const DiskSpace& space) {
  const log::Fields fields{
      {"data_dir", data_dir}, {"free_bytes", space.free_bytes}, {"total_bytes", space.total_bytes}};
  switch (space.level) {
    case DiskLevel::enough: log::info("disk_has_room_again", fields); return;
    case DiskLevel::low: log::warning("disk_low", fields); return;
    case DiskLevel::very_low: log::error("disk_very_low", fields); return;
  }
}

void tell_room(const std::string& data_dir, const DiskSpace& space, bool has_room) {
  const log::Fields fields{
      {"data_dir", data_dir}, {"free_bytes", space.free_bytes}, {"reserve_bytes", space.reserve_bytes}};
  if (has_room) {
    log::info("events_accepted_again", fields);
  } else {
    log::error("events_refused_disk_reserve", fields);
  }
}

}  // namespace

void Database::set_state(State state, std::string problem) {
  const MutexLock lock(problem_mutex_);
  if (state_ == State::stopped || (state == State::waiting && state_ == State::waiting)) return;
  problem_ = std::move(problem);
  state_ = state;
}

void Database::fail(std::string problem) noexcept {
  try {
    problem += " (free the disk or mend it, then restart)";
  } catch (const std::bad_alloc&) {
    // Keep the reason only.
  }
  set_state(State::stopped, std::move(problem));
}

void Database::lose(const std::string& problem) {
  set_state(State::stopped, "files of the store were removed, cut or replaced while it was open: " + problem +
                                " (nothing that is accepted now could be found again: restore the directory or a "
                                "backup, then restart)");
}

void Database::stop_writes(const std::string& problem) {
  const auto trouble = watch_->trouble();
  if (trouble.kind == FileWatch::Trouble::Kind::lost) return lose(trouble.cause);
  // The noted trouble may be an earlier shortage, which is no reason for this failure. And try_resume() may have
  // forgotten this shortage since, because RocksDB reports a failure some time after it.
  if (trouble.kind != FileWatch::Trouble::Kind::doubt && names_shortage(problem)) {
    set_state(State::waiting, problem + " (writes go on by themselves when this is over)");
  } else {
    fail(problem);
  }
}

void Database::try_resume() {
  if (state_ != State::waiting) return;
  const auto trouble = watch_->trouble();
  if (trouble.kind == FileWatch::Trouble::Kind::doubt) return fail("the disk failed: " + trouble.cause);
  if (trouble.kind == FileWatch::Trouble::Kind::lost) return lose(trouble.cause);
  // RocksDB begins a new log only if a memtable has entries, and after a failure it writes nothing more to the old log.
  // If a shortage returns right after a resume, there are no entries, but the log is new.
  if (!has_entries(*db_, families_) && !watch_->log_is_usable())
    return fail("the disk failed at the first write: " + trouble.cause);
  shortage_ = trouble.cause;
  watch_->forget_shortage();
  resume_idle_time_.emplace(watch_->work(), clock_->steady());
  // Everything that was answered is in memtables: they are written to tables, and a new log begins.
  try {
    resuming_ = std::async(std::launch::async, [this] {
      name_thread("resume");
      return db_->Resume().ok();
    });
  } catch (const std::exception&) {
    // No thread for it: the shortage is not over.
  }
}

void Database::follow_resume() {
  // Most resumes end at once; the next check of the files must not wait for the others.
  if (resuming_.wait_for(check_interval) != std::future_status::ready) {
    // RocksDB 7.8 may lose a flush that was scheduled when the failure happened, and then waits for it for ever.
    if (resume_idle_time_->lasts(watch_->work(), clock_->steady()) < still_max) return;
    return fail("RocksDB does not go on after a shortage, and has written nothing for " +
                std::to_string(still_max.count()) + " s: " + shortage_);
  }
  if (!resuming_.get()) return;
  if (watch_->trouble().kind != FileWatch::Trouble::Kind::none) return;
  // If a table could not be written either, RocksDB repeats only the table, and keeps the log whose writer has failed.
  // Its assertion would end the process at the next write.
  if (!watch_->log_is_usable()) {
    return fail("the disk was full for the log and for a table at once: " + shortage_);
  }
  if (!watch_->write_witness()) return;
  const MutexLock lock(problem_mutex_);
  if (state_ == State::waiting) state_ = State::writable;
}

Health Database::health() const {
  if (state_.load(std::memory_order_acquire) == State::writable) return {};
  const MutexLock lock(problem_mutex_);
  return {false, problem_};
}

void Database::check_files(bool thorough) {
  update_disk_space();
  if (!guard_ || state_ == State::stopped) return;
  // RocksDB may replace a log or a manifest meanwhile, so a problem counts only if it shows twice.
  std::string problem = guard_->check(watch_->record());
  if (!problem.empty()) problem = guard_->check(watch_->record());
  if (problem.empty() && thorough) problem = table_size_check_->check_next(*db_);
  if (!problem.empty()) return lose(problem);
  tend_space();
  if (thorough) tend_compactions(clock_->steady());
  if (thorough && !resuming_.valid()) try_resume();
  if (resuming_.valid() && state_ == State::waiting) follow_resume();
}

void Database::update_disk_space() {
  auto space = measure_disk(data_dir_);
  space.reserve_bytes = disk_reserve_.bytes(space.total_bytes);
  if (watch_) {
    for (const SyncedFile& file : watch_->record().logs) space.logs_bytes += file.bytes;
    // A log stays until every family has written its part of it to a table: most of it may be in tables already.
    std::uint64_t memtables = 0;
    const bool known = db_ && db_->GetAggregatedIntProperty(rocksdb::DB::Properties::kCurSizeAllMemTables, &memtables);
    space.unflushed_bytes = known ? std::min(space.logs_bytes, memtables) : space.logs_bytes;
  }
  // The commits since the last measurement may have reached the reserve already.
  disk_reserve_.measured(space);
  const bool has_room = disk_reserve_.has_room();
  if (has_room == std::exchange(refusal_was_told_, !has_room)) tell_room(data_dir_, space, has_room);
  const MutexLock lock(problem_mutex_);
  space.level = disk_level(space, disk_.level);
  const bool changed = space.level != disk_.level;
  disk_ = space;
  if (changed) tell_level(data_dir_, space);
}

void Database::tend_space() {
  if (!space_reclaim_ || state_ != State::writable) return;
  const auto space = disk();
  if (!space) return;
  space_reclaim_->tend({.free_bytes = space->free_bytes,
                        .logs_bytes = space->logs_bytes,
                        .unflushed_bytes = space->unflushed_bytes,
                        .has_room = disk_reserve_.has_room()},
                       clock_->steady());
}

void Database::note_removed_events() noexcept {
  if (space_reclaim_) space_reclaim_->note_removed_events();
}

std::optional<DiskSpace> Database::disk() const {
  const MutexLock lock(problem_mutex_);
  if (disk_.total_bytes == 0) return std::nullopt;
  return disk_;
}

void Database::start_file_checks() {
  update_disk_space();  // Before the first event.
  file_checks_ = std::jthread([this](const std::stop_token& stop) { run_file_checks(stop); });
}

void Database::run_file_checks(const std::stop_token& stop) {
  name_thread("store-watch");
  for (int checks = 0; !stop.stop_requested(); ++checks) {
    check_files(checks % checks_per_thorough_one == 0);
    stoppable_sleep(stop, check_interval);
  }
}

}  // namespace triggers::store

#include "store/rocks/disk/file_watch.h"

#include <algorithm>
#include <utility>

#include "base/invariant.h"

namespace triggers::store {

FileWatch::FileWatch(std::unique_ptr<Witness> witness, WitnessRecord record)
    : witness_(std::move(witness)), record_(std::move(record)) {}

void FileWatch::publish() {
  const auto written = witness_->write(record_);
  if (written) return;
  const auto& cause = written.error().message;
  note({names_shortage(cause) ? Trouble::Kind::shortage : Trouble::Kind::doubt, cause});
}

Status FileWatch::write_witness() {
  const MutexLock lock(mutex_);
  return witness_->write(record_);
}

Status FileWatch::commit(std::uint64_t sequence) {
  const MutexLock lock(mutex_);
  for (const auto& log : open_logs_) {
    const auto found = std::ranges::find(record_.logs, log->number, &SyncedFile::number);
    if (found != record_.logs.end()) found->bytes = log->synced.load(std::memory_order_acquire);
  }
  INVARIANT(sequence >= record_.sequence, "the witness would go back from write %llu to %llu",
            static_cast<unsigned long long>(record_.sequence), static_cast<unsigned long long>(sequence));
  const auto before = std::exchange(record_.sequence, sequence);
  auto written = witness_->write(record_);
  if (!written) record_.sequence = before;  // The record never says more than the file.
  return written;
}

WitnessRecord FileWatch::record() const {
  const MutexLock lock(mutex_);
  return record_;
}

FileWatch::Trouble FileWatch::trouble() const {
  const MutexLock lock(mutex_);
  return trouble_;
}

void FileWatch::forget_shortage() {
  const MutexLock lock(mutex_);
  if (trouble_.kind == Trouble::Kind::shortage) trouble_ = {};
}

std::shared_ptr<FileWatch::Log> FileWatch::log_made(std::uint64_t number) {
  auto log = std::make_shared<Log>(number);
  const MutexLock lock(mutex_);
  std::erase_if(record_.logs, [&](const SyncedFile& known) { return known.number == number; });
  record_.logs.push_back({number, 0});
  open_logs_.push_back(log);
  return log;
}

void FileWatch::log_goes(std::uint64_t number) {
  const MutexLock lock(mutex_);
  std::erase_if(open_logs_, [&](const auto& log) { return log->number == number; });
  std::erase_if(record_.logs, [&](const SyncedFile& known) { return known.number == number; });
  publish();
}

void FileWatch::manifest_synced(SyncedFile manifest) {
  const MutexLock lock(mutex_);
  if (manifest.number != record_.manifest.number) {
    next_manifest_ = manifest;
    return;
  }
  record_.manifest = manifest;
  publish();
}

void FileWatch::current_renamed() {
  const MutexLock lock(mutex_);
  current_renamed_ = true;
}

void FileWatch::directory_synced() {
  const MutexLock lock(mutex_);
  if (!current_renamed_) return;
  current_renamed_ = false;
  record_.manifest = next_manifest_;
  publish();
}

bool FileWatch::log_is_usable() const {
  const MutexLock lock(mutex_);
  return std::ranges::any_of(record_.logs,
                             [failed = failed_log_](const SyncedFile& log) { return log.number > failed; });
}

void FileWatch::failed(Trouble trouble) {
  const MutexLock lock(mutex_);
  failed_log_ = std::max(failed_log_, trouble.log);
  note(std::move(trouble));
}

void FileWatch::note(Trouble trouble) {
  if (trouble_.kind == Trouble::Kind::none || trouble_.kind == Trouble::Kind::shortage) trouble_ = std::move(trouble);
}

}  // namespace triggers::store

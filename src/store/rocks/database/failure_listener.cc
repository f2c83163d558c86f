#include "store/rocks/database/failure_listener.h"

#include <rocksdb/listener.h>

#include <string>
#include <utility>

#include "store/rocks/database/compaction_backoff.h"
#include "store/rocks/database/damage_log.h"
#include "store/rocks/disk/file_watch.h"

namespace triggers::store {
namespace {

class FailureListener final : public rocksdb::EventListener {
 public:
  FailureListener(std::function<void(const std::string&)> stop_writes, DamageLog& damage, CompactionBackoff& backoff)
      : stop_writes_(std::move(stop_writes)), damage_(damage), backoff_(backoff) {}

  void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status* status) override {
    if (reason == rocksdb::BackgroundErrorReason::kCompaction) {
      // Otherwise RocksDB would refuse all further writes by itself.
      *status = rocksdb::Status::OK();
      return;
    }
    stop_writes_("the disk failed in the background: " + status->ToString());
  }

  void OnCompactionCompleted(rocksdb::DB* /*db*/, const rocksdb::CompactionJobInfo& info) override {
    const bool given_up = info.status.IsShutdownInProgress() || info.status.IsColumnFamilyDropped() ||
                          info.status.IsManualCompactionPaused();
    // A table that is only moved to another level was not read.
    if (info.status.ok() && info.stats.num_input_records > 0) backoff_.note_success(info.cf_id);
    if (info.status.ok() || given_up) return;
    backoff_.note_failure(info.cf_id);
    // A shortage (of space, descriptors or memory) is no damage.
    if (info.status.IsNoSpace() || names_shortage(info.status.ToString())) return;
    std::string files;
    for (const std::string& file : info.input_files) files.append(files.empty() ? "" : ", ").append(file);
    damage_.note("a compaction of " + info.cf_name + " failed, which will rest: " + info.status.ToString() +
                 " (of the files " + files + ")");
  }

 private:
  const std::function<void(const std::string&)> stop_writes_;
  DamageLog& damage_;
  CompactionBackoff& backoff_;
};

}  // namespace

std::shared_ptr<rocksdb::EventListener> make_failure_listener(
    std::function<void(const std::string& problem)> stop_writes, DamageLog& damage, CompactionBackoff& backoff) {
  return std::make_shared<FailureListener>(std::move(stop_writes), damage, backoff);
}

}  // namespace triggers::store

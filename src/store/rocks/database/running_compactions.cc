#include "store/rocks/database/running_compactions.h"

#include <rocksdb/listener.h>

#include <filesystem>
#include <numeric>

namespace triggers::store {
namespace {

std::uint64_t bytes_of(const std::vector<std::string>& files) {
  std::uint64_t bytes = 0;
  for (const std::string& file : files) {
    std::error_code error;
    const auto size = std::filesystem::file_size(file, error);
    if (!error) bytes += size;
  }
  return bytes;
}

class CompactionListener final : public rocksdb::EventListener {
 public:
  explicit CompactionListener(RunningCompactions& running) : running_(running) {}

  void OnCompactionBegin(rocksdb::DB* /*db*/, const rocksdb::CompactionJobInfo& info) override {
    running_.begin(info.job_id, bytes_of(info.input_files));
  }
  void OnCompactionCompleted(rocksdb::DB* /*db*/, const rocksdb::CompactionJobInfo& info) override {
    running_.end(info.job_id);
  }

 private:
  RunningCompactions& running_;
};

}  // namespace

std::uint64_t RunningCompactions::bytes() const {
  const MutexLock lock(mutex_);
  return std::accumulate(bytes_by_job_.begin(), bytes_by_job_.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const auto& job) { return sum + job.second; });
}

void RunningCompactions::begin(int job, std::uint64_t bytes) {
  {
    const MutexLock lock(mutex_);
    bytes_by_job_.insert_or_assign(job, bytes);
  }
  begins_(bytes);
}

void RunningCompactions::end(int job) {
  const MutexLock lock(mutex_);
  bytes_by_job_.erase(job);
}

std::shared_ptr<rocksdb::EventListener> make_compaction_listener(RunningCompactions& running) {
  return std::make_shared<CompactionListener>(running);
}

}  // namespace triggers::store

#include "store/rocks/database/info_log.h"

#include <rocksdb/env.h>

#include <array>
#include <cstdarg>
#include <cstdio>
#include <utility>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/timestamp.h"

namespace triggers::store {
namespace {

constexpr long bytes_max = 4 * 1024 * 1024;
constexpr std::size_t line_bytes_max = 4096;

class InfoLog final : public rocksdb::Logger {
 public:
  explicit InfoLog(const std::string& directory) : rocksdb::Logger(rocksdb::WARN_LEVEL), path_(directory + "/LOG") {}
  InfoLog(const InfoLog&) = delete;
  InfoLog& operator=(const InfoLog&) = delete;
  ~InfoLog() override {
    if (file_ != nullptr) std::fclose(file_);
  }

  using rocksdb::Logger::Logv;
  void Logv(const char* format, va_list arguments) override {
    std::array<char, line_bytes_max> text{};
    std::vsnprintf(text.data(), text.size(), format, arguments);
    std::string time;
    append_timestamp(time, Clock::system().now());
    const MutexLock lock(mutex_);
    if (!open()) return;
    std::fprintf(file_, "%s %s\n", time.c_str(), text.data());
    std::fflush(file_);
  }
  /// Some thousand lines of options at each start, which OPTIONS has too.
  void LogHeader(const char* /*format*/, va_list /*arguments*/) override {}

 private:
  /// At the first line: RocksDB makes the directory. False if there is no room for a file.
  bool open() REQUIRES(mutex_) {
    if (file_ != nullptr && std::ftell(file_) > bytes_max) {
      std::fclose(std::exchange(file_, nullptr));
      std::rename(path_.c_str(), (path_ + ".old").c_str());
    }
    if (file_ == nullptr) file_ = std::fopen(path_.c_str(), "ae");
    return file_ != nullptr;
  }

  const std::string path_;
  Mutex mutex_;
  std::FILE* file_ GUARDED_BY(mutex_) = nullptr;
};

}  // namespace

std::shared_ptr<rocksdb::Logger> make_info_log(const std::string& directory) {
  return std::make_shared<InfoLog>(directory);
}

}  // namespace triggers::store

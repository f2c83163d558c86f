#pragma once

// A disk whose writes fail when a test says so. A disk that loses what was not synced is in forgetful_file_system.h; a
// slow one is in write_gate.h.

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <atomic>
#include <memory>

#include "support/write_gate.h"

namespace triggers::testing_support {

/// The machine's file system, in which writes fail when a test says so. Any thread.
class FailingFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  enum class Fault {
    none,
    full,         ///< Nothing more can be written: ENOSPC.
    sync,         ///< What is written cannot be synced: EIO.
    descriptors,  ///< No file can be opened for writing: EMFILE.
  };

  FailingFileSystem() : rocksdb::FileSystemWrapper(rocksdb::FileSystem::Default()) {}

  void set(Fault fault) { fault_ = fault; }
  /// The gate for writes to tables.
  [[nodiscard]] WriteGate& tables() noexcept { return tables_; }
  /// The current result of a write, or of a sync.
  [[nodiscard]] rocksdb::IOStatus check_write() const;
  [[nodiscard]] rocksdb::IOStatus check_sync() const;

  [[nodiscard]] const char* Name() const override { return "triggers.test.failing"; }
  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override;

 private:
  std::atomic<Fault> fault_{Fault::none};
  WriteGate tables_;
};

}  // namespace triggers::testing_support

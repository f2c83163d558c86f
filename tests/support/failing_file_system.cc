#include "support/failing_file_system.h"

#include <cerrno>
#include <cstring>
#include <utility>

namespace triggers::testing_support {
namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

class FailingFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  /// `gate`: its writes pass through this gate; nullptr: through none.
  FailingFile(std::unique_ptr<rocksdb::FSWritableFile> file, const FailingFileSystem& system, WriteGate* gate)
      : rocksdb::FSWritableFileOwnerWrapper(std::move(file)), system_(system), gate_(gate) {}

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    if (gate_ != nullptr) gate_->pass();
    if (auto fault = system_.check_write(); !fault.ok()) return fault;
    return target()->Append(data, options, debug);
  }
  IOStatus Append(const Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo& check,
                  IODebugContext* debug) override {
    if (gate_ != nullptr) gate_->pass();
    if (auto fault = system_.check_write(); !fault.ok()) return fault;
    return target()->Append(data, options, check, debug);
  }
  IOStatus PositionedAppend(const Slice& data, std::uint64_t offset, const IOOptions& options,
                            IODebugContext* debug) override {
    if (auto fault = system_.check_write(); !fault.ok()) return fault;
    return target()->PositionedAppend(data, offset, options, debug);
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    if (auto fault = system_.check_sync(); !fault.ok()) return fault;
    return target()->Sync(options, debug);
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    if (auto fault = system_.check_sync(); !fault.ok()) return fault;
    return target()->Fsync(options, debug);
  }

 private:
  const FailingFileSystem& system_;
  WriteGate* const gate_;
};

}  // namespace

IOStatus FailingFileSystem::check_write() const {
  return fault_ == Fault::full ? IOStatus::NoSpace("the test's disk", std::strerror(ENOSPC)) : IOStatus::OK();
}

IOStatus FailingFileSystem::check_sync() const {
  return fault_ == Fault::sync ? IOStatus::IOError("the test's disk cannot sync") : check_write();
}

IOStatus FailingFileSystem::NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                            std::unique_ptr<rocksdb::FSWritableFile>* file, IODebugContext* debug) {
  if (fault_ == Fault::descriptors) return IOStatus::IOError("While open a file", std::strerror(EMFILE));
  if (auto fault = check_write(); !fault.ok()) return fault;
  auto status = target()->NewWritableFile(path, options, file, debug);
  if (status.ok())
    *file = std::make_unique<FailingFile>(std::move(*file), *this, path.ends_with(".sst") ? &tables_ : nullptr);
  return status;
}

}  // namespace triggers::testing_support

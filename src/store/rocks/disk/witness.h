#pragma once

// The file WITNESS: how far the logs and the manifest must reach after an unclean stop. What a start does with it is in
// database/store_check.h.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "base/uuid7.h"

namespace triggers::store {

/// How long a numbered file of the database was when it was last synced.
struct SyncedFile {
  std::uint64_t number = 0;
  std::uint64_t bytes = 0;

  bool operator==(const SyncedFile&) const = default;
};

/// What clients were promised, recorded outside of the files that contain it.
struct WitnessRecord {
  Uuid7 store_id;
  std::uint64_t sequence = 0;    ///< RocksDB's number of the last write that was answered.
  SyncedFile manifest;           ///< The one that CURRENT names.
  std::vector<SyncedFile> logs;  ///< The write-ahead logs, oldest first; of very many the newest.
};

/// The file `WITNESS`, one page. It is written after each sync of a log with one short `pwrite`, and not synced then.
/// The kernel has the written data, so it survives the end of the process. After a loss of power the file may be older
/// than the logs, and is never newer. docs/decisions/0024-a-witness-beside-the-log.md says why.
///
/// The record is written to two slots in turn, each with a checksum, so that one is always intact. write() is for one
/// thread at a time.
class Witness {
 public:
  static constexpr std::size_t page_bytes = 4096;
  static constexpr std::size_t logs_max = 24;  ///< Older ones are in the manifest, whose length is witnessed.

  [[nodiscard]] static std::string path(const std::string& data_dir);
  /// `not_found` if there is none, `unavailable` if it cannot be read or no slot is whole.
  static Result<WitnessRecord> read(const std::string& data_dir);
  /// Replaces the file by one with `record`, durably.
  static Status create(const std::string& data_dir, const WitnessRecord& record);
  /// Errors as of read().
  static Result<std::unique_ptr<Witness>> open(const std::string& data_dir);

  Witness(const Witness&) = delete;
  Witness& operator=(const Witness&) = delete;

  /// `unavailable` if it cannot be written; the previous record can still be read.
  Status write(const WitnessRecord& record);
  /// The record in the open file. It may be called while another thread writes; it may then see neither of two
  /// overlapping writes.
  [[nodiscard]] Result<WitnessRecord> read_back() const;
  /// Waits until the file is on the disk: at the start and the end, not for a commit.
  Status sync();
  [[nodiscard]] int descriptor() const noexcept { return file_.get(); }

 private:
  Witness(UniqueFd file, std::uint64_t generation);

  const UniqueFd file_;
  std::uint64_t generation_;
};

}  // namespace triggers::store

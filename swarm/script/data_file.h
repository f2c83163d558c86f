#pragma once

// The rows of a script's data file, CSV or NDJSON, shared by all users. The functions of a script that hand them out
// are in data_functions.cc.

#include <atomic>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"

namespace triggers::swarm {

/// One data file in memory. Thread-safe.
class DataFile {
 public:
  static constexpr std::size_t bytes_max = std::size_t{256} << 20;
  static constexpr std::size_t columns_max = 1000;
  enum class Kind : std::uint8_t { csv, ndjson };

  /// The kind is that of the name: `.csv`, or `.ndjson` or `.jsonl`. The first line of a CSV names its columns (RFC
  /// 4180). Error: `invalid_argument`, which says what is wrong where.
  static Result<std::unique_ptr<DataFile>> read(const std::string& path);

  [[nodiscard]] Kind kind() const noexcept { return kind_; }
  [[nodiscard]] std::size_t rows() const noexcept { return rows_.size(); }
  [[nodiscard]] const std::vector<std::string>& columns() const noexcept { return columns_; }
  /// The text of a row, without its line end.
  [[nodiscard]] std::string_view row(std::size_t index) const { return rows_[index]; }
  /// The number of the next row in order; all users take turns, and begin again after the last.
  std::size_t next() noexcept { return next_.fetch_add(1, std::memory_order_relaxed) % rows_.size(); }
  /// The number of a row that nobody has taken yet; nothing once all are taken.
  std::optional<std::size_t> once() noexcept;

 private:
  DataFile(std::string text, Kind kind) : text_(std::move(text)), kind_(kind) {}
  Status find_csv_rows();
  void find_lines();

  std::string text_;
  Kind kind_;
  std::vector<std::string> columns_;
  std::vector<std::string_view> rows_;  // of text_
  std::atomic<std::size_t> next_ = 0, taken_ = 0;
};

/// The fields of a CSV row, unquoted.
[[nodiscard]] std::vector<std::string> csv_fields(std::string_view row);

/// The data files of a script: those in its folder. Each is read once. Thread-safe.
class DataFiles {
 public:
  explicit DataFiles(std::string folder) : folder_(std::move(folder)) {}
  /// `name` is a path below the script's folder. Error: `invalid_argument`.
  Result<DataFile*> open(const std::string& name);

 private:
  const std::string folder_;
  Mutex mutex_;
  std::map<std::string, std::unique_ptr<DataFile>> files_ GUARDED_BY(mutex_);
};

}  // namespace triggers::swarm

#pragma once

// Writes the files of `--csv` during and after a test. Their texts are in csv_tables.h and cut_off_csv.h.

#include <cstddef>
#include <string>

#include "base/result.h"
#include "swarm/report/recent_times.h"
#include "swarm/report/run_report.h"
#include "swarm/report/text_file.h"
#include "swarm/stats/statistics.h"

namespace triggers::swarm {

/// The files of `--csv PREFIX`: PREFIX_stats.csv, PREFIX_stats_history.csv, PREFIX_failures.csv and
/// PREFIX_exceptions.csv in Locust's format (csv_tables.h), and our own PREFIX_cut_off.csv. Unlike Locust, finish()
/// writes the final state, so the files agree with the summary. A missing folder is created. Not thread-safe.
class CsvFiles {
 public:
  /// Creates the files with their headers. `full_history`: the history has rows of each name too. Error: `unavailable`,
  /// with the path and the reason.
  static Result<CsvFiles> create(const std::string& prefix, bool full_history);

  /// Call it once a second. Replaces all files but the history, which grows. Failed writes are retried with each call.
  /// Returns the error of the first failed write, and no further one until a write has succeeded.
  Status write(const Statistics& statistics, std::size_t users, EpochSeconds now);
  /// The last write. Returns an error if anything is missing from the files, even if it was returned before.
  Status finish(const Statistics& statistics, std::size_t users, EpochSeconds now);
  /// Call it when the test has ended. Until then the file has only its header.
  Status write_cut_off(const RunReport& report);

 private:
  CsvFiles(const std::string& prefix, bool full_history, GrowingFile history);
  Status write_all(const Statistics& statistics, std::size_t users, EpochSeconds now);

  bool full_history_;
  ReplacedFile stats_, failures_, exceptions_, cut_off_;
  GrowingFile history_;
  RecentTimes recent_;
  bool failing_ = false;
};

}  // namespace triggers::swarm

#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"
#include "swarm/report/recent_times.h"
#include "swarm/report/run_report.h"
#include "swarm/report/text_file.h"
#include "swarm/stats/statistics.h"

namespace triggers::swarm {

/// The files of `--csv PREFIX`: PREFIX_stats.csv, PREFIX_stats_history.csv, PREFIX_failures.csv, PREFIX_exceptions.csv,
/// in Locust's format (csv_tables.h); and PREFIX_cut_off.csv, our own. Where Locust leaves the files as they were up to
/// a second before the end, finish() writes the last state, so they agree with the summary; and the folder is made if
/// it is missing. Not for two threads at once.
class CsvFiles {
 public:
  /// Makes the files, with their headers. `full_history`: of each name too. Error: `unavailable`, with the path and the
  /// reason.
  static Result<CsvFiles> create(const std::string& prefix, bool full_history);

  /// Once a second: replaces all but the history, and adds to that. The error of the first write that fails, and no
  /// more until one has gone well: what could not be written is tried again with each call.
  Status write(const Statistics& statistics, std::size_t users, EpochSeconds now);
  /// The last write. An error if anything is missing from the files, also if it was told before.
  Status finish(const Statistics& statistics, std::size_t users, EpochSeconds now);
  /// Of a test that has ended; until then the file has its header only.
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

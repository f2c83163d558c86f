#include "swarm/report/csv_files.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "swarm/report/csv_tables.h"
#include "swarm/report/cut_off_csv.h"

namespace triggers::swarm {

CsvFiles::CsvFiles(const std::string& prefix, bool full_history, GrowingFile history)
    : full_history_(full_history),
      stats_(prefix + "_stats.csv"),
      failures_(prefix + "_failures.csv"),
      exceptions_(prefix + "_exceptions.csv"),
      cut_off_(prefix + "_cut_off.csv"),
      history_(std::move(history)) {}

Result<CsvFiles> CsvFiles::create(const std::string& prefix, bool full_history) {
  const std::filesystem::path folder = std::filesystem::path(prefix).parent_path();
  if (std::error_code error; !folder.empty()) {
    std::filesystem::create_directories(folder, error);
    if (error) return Error{ErrorCode::unavailable, "cannot create " + folder.string() + ": " + error.message()};
  }
  auto history = GrowingFile::create(prefix + "_stats_history.csv");
  if (!history) return std::move(history).error();
  CsvFiles files(prefix, full_history, std::move(history).value());
  const Statistics nothing;
  for (Status made :
       {files.stats_.replace(stats_csv(LocustRows(nothing))), files.failures_.replace(failures_csv(nothing)),
        files.exceptions_.replace(exceptions_csv(nothing)), files.cut_off_.replace(cut_off_csv_header()),
        files.history_.append(history_csv_header())}) {
    if (!made) return std::move(made).error();
  }
  return files;
}

Status CsvFiles::write_all(const Statistics& statistics, std::size_t users, EpochSeconds now) {
  const LocustRows rows(statistics);
  if (full_history_) recent_.remember(rows, statistics.start(), now);
  Status first = Done{};
  for (Status written :
       {stats_.replace(stats_csv(rows)),
        history_.append(history_csv_rows(rows, users, now, full_history_ ? &recent_ : nullptr)),
        failures_.replace(failures_csv(statistics)), exceptions_.replace(exceptions_csv(statistics))}) {
    if (first && !written) first = std::move(written);
  }
  return first;
}

Status CsvFiles::write(const Statistics& statistics, std::size_t users, EpochSeconds now) {
  Status written = write_all(statistics, users, now);
  const bool told = std::exchange(failing_, !written.ok());
  return told ? Status{Done{}} : written;
}

Status CsvFiles::finish(const Statistics& statistics, std::size_t users, EpochSeconds now) {
  return write_all(statistics, users, now);
}

Status CsvFiles::write_cut_off(const RunReport& report) { return cut_off_.replace(cut_off_csv(report)); }

}  // namespace triggers::swarm

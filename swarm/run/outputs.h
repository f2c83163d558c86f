#pragma once

// Drives all reports of a test while it runs and when it ends. Each report is in report/.

#include <memory>

#include "swarm/report/run_report.h"
#include "swarm/run/console.h"
#include "swarm/run/options.h"

namespace triggers::swarm {

/// All output of a test: tables and progress on the console, CSV files, the HTML report, JSON, and the result of the
/// conditions. Not thread-safe.
class Outputs {
 public:
  /// Errors: `invalid_argument` if a `--fail-if` is not a condition, `unavailable` if a file cannot be created.
  static Result<std::unique_ptr<Outputs>> create(const Options& options, Console& console);
  virtual ~Outputs() = default;

  virtual void begin(const RunReport& report) = 0;
  /// Call it once a second.
  virtual void second(const RunReport& report) = 0;
  /// Returns the program's exit status; see run_local().
  virtual int end(const RunReport& report) = 0;

 protected:
  Outputs() = default;
};

}  // namespace triggers::swarm

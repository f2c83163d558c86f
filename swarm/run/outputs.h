#pragma once

#include <memory>

#include "swarm/report/run_report.h"
#include "swarm/run/console.h"
#include "swarm/run/options.h"

namespace triggers::swarm {

/// Everything that a test tells: tables and progress on the console, CSV files, the HTML report, JSON, the verdict of
/// its conditions. On one thread.
class Outputs {
 public:
  /// Errors: `invalid_argument` for a `--fail-if` that is not a condition, `unavailable` for a file that cannot be
  /// made.
  static Result<std::unique_ptr<Outputs>> create(const Options& options, Console& console);
  virtual ~Outputs() = default;

  virtual void begin(const RunReport& report) = 0;
  /// Once a second.
  virtual void second(const RunReport& report) = 0;
  /// Returns the exit status of the program; see run_local().
  virtual int end(const RunReport& report) = 0;

 protected:
  Outputs() = default;
};

}  // namespace triggers::swarm

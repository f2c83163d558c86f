#pragma once

// The options that a script declares with swarm.option(), and their values from the command line. The program's own
// options are in run/options.h.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace triggers::swarm {

/// One option of a script: `--NAME` on the command line.
struct ScriptOption {
  enum class Kind : std::uint8_t { text, number, flag };
  std::string name, help;
  Kind kind = Kind::text;
  std::string text;  ///< The value: the default until set() is called. A flag has `true` or `false`.
  double minimum = 0, maximum = 0;

  /// Sets the value from the command line. Error: `invalid_argument`.
  Status set(std::string_view value);
  /// The value of a number.
  [[nodiscard]] double number() const;
};

/// All options of a script. The first run of the script declares them; later runs find them with their values. Not
/// thread-safe while they are declared; afterwards any thread may read.
class ScriptOptions {
 public:
  static constexpr std::size_t options_max = 100;

  /// Adds the option, or returns the one that an earlier run has added. Error: `invalid_argument`.
  Result<const ScriptOption*> declare(ScriptOption option);
  /// No run can add options any more.
  void close() noexcept { closed_ = true; }
  [[nodiscard]] std::vector<ScriptOption>& all() noexcept { return options_; }

 private:
  std::vector<ScriptOption> options_;
  bool closed_ = false;
};

}  // namespace triggers::swarm

#pragma once

// The options as flags of a command line. Environment and file are read by load() in config.h.

#include <memory>
#include <span>
#include <string_view>

#include "config/config.h"

namespace CLI {
class App;
}

namespace triggers::config {

/// The options as flags of a command line. Declare, let the App parse, then load():
///
///     config::Flags flags;
///     flags.declare(*app.add_subcommand("serve", "Serves the API"));
///     CLI11_PARSE(app, argc, argv);
///     const auto settings = flags.load(config::process_environment());
///
/// Must outlive the App's parsing.
class Flags {
 public:
  Flags();
  Flags(const Flags&) = delete;
  Flags& operator=(const Flags&) = delete;
  ~Flags();

  /// Adds a flag for every option, or for those of `only` (`config` is always among them). A boolean also has a
  /// `--no-` form. May be called for several subcommands: they share the values.
  void declare(CLI::App& app, std::span<const std::string_view> only = {});
  /// The flags that were given.
  [[nodiscard]] NamedValues given() const;
  [[nodiscard]] Result<Settings> load(const Environment& environment) const;

 private:
  struct Slots;
  std::unique_ptr<Slots> slots_;
};

}  // namespace triggers::config

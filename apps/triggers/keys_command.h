#pragma once

// The command `triggers keys`: its arguments and requests. Printing is in keys_output.h, sending in operator_client.h.

#include <memory>
#include <optional>
#include <string>

#include "config/config.h"

namespace CLI {
class App;
}

namespace triggers {

/// `triggers keys create|list|show|update|rotate|revoke`: the operator's way to the API's /admin/keys.
class KeysCommand {
 public:
  /// Adds the subcommands and their flags to `app`, which must outlive this.
  explicit KeysCommand(CLI::App& app);
  KeysCommand(const KeysCommand&) = delete;
  KeysCommand& operator=(const KeysCommand&) = delete;
  ~KeysCommand();

  /// Runs the subcommand that was parsed; the exit status.
  int run(const config::Settings& settings) const;

 private:
  struct Flags;
  std::unique_ptr<Flags> flags_;
};

}  // namespace triggers

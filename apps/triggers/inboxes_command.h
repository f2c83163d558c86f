#pragma once

// The command `triggers inboxes`: its arguments and the requests that it makes of them. Printing is in
// inboxes_output.h, sending in api_client.h.

#include <memory>

#include "config/config.h"

namespace CLI {
class App;
}

namespace triggers {

/// `triggers inboxes list|show|create|update|delete|purge|replay|requeue|discard|job`: a way to the API's /inboxes.
class InboxesCommand {
 public:
  /// Adds the subcommands and their flags to `app`, which must not outlive this.
  explicit InboxesCommand(CLI::App& app);
  InboxesCommand(const InboxesCommand&) = delete;
  InboxesCommand& operator=(const InboxesCommand&) = delete;
  ~InboxesCommand();

  /// Runs the subcommand that was parsed; the exit status.
  int run(const config::Settings& settings) const;

 private:
  struct Flags;
  std::unique_ptr<Flags> flags_;
};

}  // namespace triggers

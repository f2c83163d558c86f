#pragma once

// The command `triggers tail`: shows new events of an inbox as they are accepted. The stream is read by
// http/client/streamed_fetch.h and http/wire/event_stream.h; lines are made in tail_output.h.

#include <memory>

#include "config/config.h"

namespace CLI {
class App;
}

namespace triggers {

/// `triggers tail`: follows the stream of an inbox, and asks for it again behind the last event if it breaks off.
class TailCommand {
 public:
  /// Adds the arguments to `app`, which must not outlive this.
  explicit TailCommand(CLI::App& app);
  TailCommand(const TailCommand&) = delete;
  TailCommand& operator=(const TailCommand&) = delete;
  ~TailCommand();

  /// The exit status: 0 after SIGINT or SIGTERM, 1 if the stream cannot be read.
  int run(const config::Settings& settings) const;

 private:
  struct Flags;
  std::unique_ptr<Flags> flags_;
};

}  // namespace triggers

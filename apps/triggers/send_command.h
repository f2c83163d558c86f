#pragma once

// The command `triggers send`: its arguments, and the sending of one event. Lines of standard input are sent by
// send_lines.h.

#include <memory>

#include "config/config.h"

namespace CLI {
class App;
}

namespace triggers {

/// `triggers send`: sends the event of its arguments, or an event for each line of standard input.
class SendCommand {
 public:
  /// Adds the arguments to `app`, which must not outlive this.
  explicit SendCommand(CLI::App& app);
  SendCommand(const SendCommand&) = delete;
  SendCommand& operator=(const SendCommand&) = delete;
  ~SendCommand();

  /// The exit status: 0 if every event is stored, 1 if the command stopped before the end, 3 if it sent all, and the
  /// service refused some.
  int run(const config::Settings& settings) const;

 private:
  struct Flags;
  std::unique_ptr<Flags> flags_;
};

}  // namespace triggers

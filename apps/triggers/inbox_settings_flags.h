#pragma once

// The settings of an inbox as flags, and the JSON that they make. The commands are in inboxes_command.h.

#include <string>

namespace CLI {
class App;
}

namespace triggers {

/// The flags of `triggers inboxes create` and `update`, which share the values.
class InboxSettingsFlags {
 public:
  /// May be called for several commands. They must not outlive this.
  void declare(CLI::App& app);
  /// A JSON object with the settings that were given to `app`. The filter stays as it was typed.
  [[nodiscard]] std::string body(const CLI::App& app) const;

 private:
  std::string description_, filter_, max_attempts_, retention_days_;
  std::string lease_seconds_, dead_retention_days_;
  bool collect_ = true;
};

}  // namespace triggers

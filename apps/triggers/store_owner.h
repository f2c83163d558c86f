#pragma once

// Which process has a data directory. The lock is in store/rocks/disk/directory_lock.h.

#include <sys/types.h>

#include <optional>
#include <string>

namespace triggers {

/// The process that has the store in this directory open; nothing if none has. 0 if it is of another PID namespace.
[[nodiscard]] std::optional<pid_t> store_owner(const std::string& data_dir);

/// Whether a server answers commands for this directory, on its local socket.
[[nodiscard]] bool server_listens(const std::string& data_dir);

/// For a message: `another process (PID) is using DIR: stop it, or choose another data directory`.
[[nodiscard]] std::string in_use_text(const std::string& data_dir, pid_t owner);

}  // namespace triggers

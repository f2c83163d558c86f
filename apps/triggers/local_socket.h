#pragma once

// The path of the local socket in a data directory. Listening on it is in net/listener.h; requests to it are in
// operator_client.h.

#include <string>

#include "base/unique_fd.h"

namespace triggers {

/// A directory, for local_socket_path(). Empty if there is none.
[[nodiscard]] UniqueFd open_directory(const std::string& data_dir);

/// The path of the local socket in an open directory, for as long as it is open. It goes through the descriptor,
/// because the path of a socket has room for 107 bytes only.
[[nodiscard]] std::string local_socket_path(const UniqueFd& directory);

}  // namespace triggers

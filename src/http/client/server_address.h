#pragma once

// The address of a server, for every kind of client in this folder.

#include <cstdint>
#include <string>

namespace triggers::http {

/// Where a server listens.
struct ServerAddress {
  std::string host = "127.0.0.1";  ///< Address or name.
  std::uint16_t port = 0;
  std::string unix_path = {};  ///< If not empty: this local socket, and not host and port.
};

}  // namespace triggers::http

#pragma once

// The address, limits, deadlines and TLS of a client's pool (pool.h).

#include <chrono>
#include <cstddef>
#include <string>

#include "http/client/server_address.h"

namespace triggers::http {

struct ClientPoolConfig {
  ServerAddress server;  ///< Host and port; unix_path is not used.
  bool tls = false;      ///< The certificate must be the host's, from a trusted authority.
  std::string ca_file;   ///< PEM, trusted instead of the system's authorities; empty: the system's.

  std::size_t connections_max = 128;  ///< For each loop.
  std::size_t waiting_max = 10'000;   ///< Requests that wait for a connection, for each loop; more are refused.
  std::size_t response_bytes_max = 64 * 1024 * 1024;
  std::chrono::milliseconds connect_timeout{1'000};  ///< For each of the host's addresses, including TLS.
  std::chrono::milliseconds idle_max{20'000};        ///< An older connection is not used again.
};

}  // namespace triggers::http

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace triggers::swarm {

/// A resolved address of the service.
struct Address {
  std::vector<std::byte> bytes;  ///< A sockaddr.
  int family = 0;
};

/// The service under load. Resolved once, before the first user.
struct Target {
  std::string url;   ///< As given: `http://localhost:8000`; what Locust calls the host.
  std::string host;  ///< Name or address, for TLS.
  std::uint16_t port = 0;
  std::string authority;  ///< For the Host field: the port only if it is not the usual one.
  std::string base_path;  ///< What precedes every path: empty, or `/v1`.
  bool tls = false;
  std::vector<Address> addresses;

  /// Parses `http://` or `https://` URLs and resolves the name. Blocks for as long as the resolver does. Errors:
  /// `invalid_argument` (not such a URL), `unavailable` (the name has no address).
  static Result<Target> parse(std::string_view url);
};

}  // namespace triggers::swarm

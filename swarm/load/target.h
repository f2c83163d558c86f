#pragma once

// The service under load: its URL, parsed, and its addresses, resolved once before the first user starts. The user's
// connection to it is in connection.h.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace triggers::swarm {

/// One resolved address of the service.
struct Address {
  std::vector<std::byte> bytes;  ///< A sockaddr.
  int family = 0;
};

/// The service under load. Its name is resolved once, before the first user starts.
struct Target {
  std::string url;   ///< As given: `http://localhost:8000`. Locust calls it the host.
  std::string host;  ///< Name or address, for TLS.
  std::uint16_t port = 0;
  std::string authority;  ///< For the Host field: the port only if it is not the usual one.
  std::string base_path;  ///< Prefix of every path: empty, or `/v1`.
  bool tls = false;
  std::vector<Address> addresses;

  /// Parses an `http://` or `https://` URL and resolves the name; blocks while the resolver does. Errors:
  /// `invalid_argument` for another text, `unavailable` if the name has no address.
  static Result<Target> parse(std::string_view url);
};

/// The text for a message, with `***` for a user and password: `http://***@host`. Unchanged if it has no `@`.
[[nodiscard]] std::string without_user(std::string_view url);

}  // namespace triggers::swarm

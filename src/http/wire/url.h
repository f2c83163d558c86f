#pragma once

// Takes a URL apart. Percent-encoding is in base/percent_encoding.h; a request's target is read by
// api/exchange/input.h.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace triggers::http {

/// For the Host field: brackets around an IPv6 address, and the port only if it is not the usual one.
[[nodiscard]] std::string authority_of(std::string_view host, std::uint16_t port, bool tls);

/// `http://` or `https://`, a host (an IPv6 address in brackets), a port if it is not the usual one, and a path.
struct Url {
  bool tls = false;
  std::string host;  ///< Without brackets.
  std::uint16_t port = 0;
  std::string path;  ///< With its query, as written; `/` if there is none.

  /// As authority_of().
  [[nodiscard]] std::string authority() const;
};

/// Error: `invalid_argument` if it has another form, or contains a user name.
[[nodiscard]] Result<Url> parse_url(std::string_view text);

}  // namespace triggers::http

#pragma once

// IP addresses, networks, and which address is the client's behind proxies. Limits by address are in failure_limiter.h.

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace triggers::limit {

/// An IP address: 16 bytes, IPv4 as IPv4-mapped IPv6 (RFC 4291, section 2.5.5.2), so `::ffff:10.0.0.1` is `10.0.0.1`.
struct Address {
  std::array<std::uint8_t, 16> bytes{};
  auto operator<=>(const Address&) const = default;

  [[nodiscard]] bool is_v4() const noexcept;
  /// Canonical text (RFC 5952 for IPv6; dotted for IPv4).
  [[nodiscard]] std::string text() const;
  /// Nothing unless `text` is one address; brackets around IPv6, a port and a zone (`%eth0`) are cut off.
  static std::optional<Address> parse(std::string_view text);
};

/// A block of addresses: `10.0.0.0/8`, `2001:db8::/32`; without `/` it is one address.
struct Network {
  Address base;                ///< Bits below the prefix are zero.
  unsigned prefix_bits = 128;  ///< Of the 16-byte form: an IPv4 `/8` is 104.

  [[nodiscard]] bool contains(const Address& address) const noexcept;
};

/// Comma separated networks; blanks around them are skipped, an empty list is empty. Error: invalid_argument, with the
/// entry that is not a network.
[[nodiscard]] Result<std::vector<Network>> parse_networks(std::string_view list);

/// The address of the client. `peer` is the other end of the connection. Only if it is a trusted proxy,
/// `X-Forwarded-For` is read, from the right: each trusted proxy added the address to the left of its own, so the first
/// address that is not trusted is the client's. An entry that is no address ends the walk at the last good one.
/// `forwarded_for`: the fields' values joined by commas; empty if there was none.
[[nodiscard]] std::string client_address(std::string_view peer, std::string_view forwarded_for,
                                         const std::vector<Network>& trusted);

}  // namespace triggers::limit

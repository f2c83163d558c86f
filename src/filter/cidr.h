#pragma once

// Addresses and blocks of addresses, for the operator `cidr`.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace triggers::filter {

/// 16 bytes; an IPv4 address is mapped to IPv6 (RFC 4291, section 2.5.5.2).
using Address = std::array<std::uint8_t, 16>;

/// Nothing unless `text` is exactly one IPv4 address (four decimal numbers) or IPv6 address.
[[nodiscard]] std::optional<Address> parse_address(std::string_view text);

/// A block of addresses: `10.0.0.0/8`, `2001:db8::/32`. Bits after the prefix are ignored.
class Cidr {
 public:
  /// Error: what is wrong, for a person.
  static Result<Cidr, std::string> parse(std::string_view text);

  /// A block of one family contains no address of the other.
  [[nodiscard]] bool contains(const Address& address) const noexcept;

 private:
  Address base_{};
  unsigned prefix_bits_ = 0;  ///< Of the 16 bytes.
  bool is_v4_ = false;
};

}  // namespace triggers::filter

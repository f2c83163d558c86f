#include "filter/cidr.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace triggers::filter {
namespace {

constexpr std::array<std::uint8_t, 12> v4_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool is_v4(const Address& address) { return std::equal(v4_prefix.begin(), v4_prefix.end(), address.begin()); }

std::optional<unsigned> parse_bits(std::string_view digits, unsigned bits_max) {
  unsigned bits = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  const bool whole = parsed.ec == std::errc() && parsed.ptr == digits.data() + digits.size();
  if (!whole || bits > bits_max) return std::nullopt;
  return bits;
}

}  // namespace

std::optional<Address> parse_address(std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  if (text.empty() || text.size() >= terminated.size() || text.find('\0') != std::string_view::npos)
    return std::nullopt;
  std::copy(text.begin(), text.end(), terminated.begin());
  Address address{};
  if (inet_pton(AF_INET6, terminated.data(), address.data()) == 1) return address;
  std::copy(v4_prefix.begin(), v4_prefix.end(), address.begin());
  if (inet_pton(AF_INET, terminated.data(), address.data() + v4_prefix.size()) == 1) return address;
  return std::nullopt;
}

Result<Cidr, std::string> Cidr::parse(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) {
    return std::string("a block is an address, a slash and the bits of its prefix, like 10.0.0.0/8 or 2001:db8::/32");
  }
  const std::string_view base_text = text.substr(0, slash);
  const auto base = parse_address(base_text);
  if (!base) return std::string("what stands before the slash is neither an IPv4 nor an IPv6 address");
  const bool dotted = base_text.find(':') == std::string_view::npos;
  const auto bits = parse_bits(text.substr(slash + 1), dotted ? 32 : 128);
  if (!bits) {
    return std::string("the prefix of an ") +
           (dotted ? "IPv4 block is a number from 0 to 32" : "IPv6 block is a number from 0 to 128");
  }
  Cidr made;
  made.base_ = *base;
  made.prefix_bits_ = dotted ? *bits + 96 : *bits;
  made.is_v4_ = is_v4(*base) && made.prefix_bits_ >= 96;
  return made;
}

bool Cidr::contains(const Address& address) const noexcept {
  if (is_v4(address) != is_v4_) return false;
  const unsigned bytes = prefix_bits_ / 8, rest = prefix_bits_ % 8;
  if (!std::equal(base_.begin(), base_.begin() + bytes, address.begin())) return false;
  return rest == 0 || ((base_[bytes] ^ address[bytes]) >> (8 - rest)) == 0;
}

}  // namespace triggers::filter

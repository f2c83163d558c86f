#include "limit/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace triggers::limit {
namespace {

constexpr std::array<std::uint8_t, 12> v4_mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
constexpr unsigned v4_mapped_bits = 96;

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// What is left of `[v6]`, `[v6]:port`, `v4:port` and `v6%zone` without what surrounds the address; empty if malformed.
std::string_view bare(std::string_view text) {
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return {};
    const auto after = text.substr(end + 1);
    if (!after.empty() && !(after.front() == ':' && is_port(after.substr(1)))) return {};
    text = text.substr(1, end - 1);
    if (text.find(':') == std::string_view::npos) return {};
  } else if (std::count(text.begin(), text.end(), ':') == 1) {
    const auto colon = text.find(':');
    if (!is_port(text.substr(colon + 1))) return {};
    text = text.substr(0, colon);
  }
  const auto zone = text.find('%');
  if (zone != std::string_view::npos && text.find(':') < zone && zone + 1 < text.size()) text = text.substr(0, zone);
  return text;
}

std::optional<Network> parse_network(std::string_view text) {
  const auto slash = text.find('/');
  const auto base_text = text.substr(0, slash);
  const auto base = Address::parse(base_text);
  if (!base) return std::nullopt;
  Network network{*base, 128};
  if (slash != std::string_view::npos) {
    const auto digits = text.substr(slash + 1);
    unsigned bits = 0;
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    const bool dotted = base_text.find(':') == std::string_view::npos;
    if (parsed.ec != std::errc{} || parsed.ptr != digits.data() + digits.size() || bits > (dotted ? 32U : 128U)) {
      return std::nullopt;
    }
    network.prefix_bits = dotted ? bits + v4_mapped_bits : bits;
  }
  for (unsigned bit = network.prefix_bits; bit < 128; ++bit) {
    auto& byte = network.base.bytes[bit / 8];
    byte = static_cast<std::uint8_t>(byte & ~(0x80U >> bit % 8));
  }
  return network;
}

bool is_trusted(const Address& address, const std::vector<Network>& trusted) {
  return std::any_of(trusted.begin(), trusted.end(), [&](const Network& network) { return network.contains(address); });
}

}  // namespace

bool Address::is_v4() const noexcept {
  return std::equal(v4_mapped_prefix.begin(), v4_mapped_prefix.end(), bytes.begin());
}

std::string Address::text() const {
  std::array<char, INET6_ADDRSTRLEN> out{};
  const auto* text = is_v4() ? inet_ntop(AF_INET, bytes.data() + v4_mapped_prefix.size(), out.data(), out.size())
                             : inet_ntop(AF_INET6, bytes.data(), out.data(), out.size());
  return text == nullptr ? std::string() : std::string(text);
}

std::optional<Address> Address::parse(std::string_view text) {
  text = bare(text);
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  if (text.empty() || text.size() >= terminated.size() || text.find('\0') != std::string_view::npos)
    return std::nullopt;
  std::memcpy(terminated.data(), text.data(), text.size());
  Address address;
  if (inet_pton(AF_INET6, terminated.data(), address.bytes.data()) == 1) return address;
  std::copy(v4_mapped_prefix.begin(), v4_mapped_prefix.end(), address.bytes.begin());
  if (inet_pton(AF_INET, terminated.data(), address.bytes.data() + v4_mapped_prefix.size()) == 1) return address;
  return std::nullopt;
}

bool Network::contains(const Address& address) const noexcept {
  const auto whole_bytes = prefix_bits / 8;
  if (!std::equal(base.bytes.begin(), base.bytes.begin() + whole_bytes, address.bytes.begin())) return false;
  const auto rest = prefix_bits % 8;
  if (rest == 0) return true;
  const auto mask = 0xFF00U >> rest & 0xFFU;
  return (base.bytes[whole_bytes] & mask) == (address.bytes[whole_bytes] & mask);
}

Result<std::vector<Network>> parse_networks(std::string_view list) {
  std::vector<Network> networks;
  if (trimmed(list).empty()) return networks;
  while (true) {
    const auto comma = list.find(',');
    const auto entry = trimmed(list.substr(0, comma));
    const auto network = parse_network(entry);
    if (!network) {
      return Error{ErrorCode::invalid_argument,
                   std::string("`").append(entry).append("` is not an address, nor a network like 10.0.0.0/8")};
    }
    networks.push_back(*network);
    if (comma == std::string_view::npos) return networks;
    list.remove_prefix(comma + 1);
  }
}

std::string client_address(std::string_view peer, std::string_view forwarded_for, const std::vector<Network>& trusted) {
  auto client = Address::parse(peer);
  if (!client) return std::string(peer);
  while (!forwarded_for.empty() && is_trusted(*client, trusted)) {
    const auto comma = forwarded_for.rfind(',');
    const auto entry = comma == std::string_view::npos ? forwarded_for : forwarded_for.substr(comma + 1);
    const auto next = Address::parse(trimmed(entry));
    if (!next) break;
    client = next;
    forwarded_for = comma == std::string_view::npos ? std::string_view() : forwarded_for.substr(0, comma);
  }
  return client->text();
}

}  // namespace triggers::limit

#include "auth/key.h"

#include <cstddef>
#include <span>

#include "auth/sha256.h"
#include "base/random.h"

namespace triggers::auth {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

}  // namespace

KeyHash hash_key(std::string_view api_key) { return {sha256(api_key)}; }

std::string generate_key() {
  // A byte at or above the last whole multiple of 62 would favour the alphabet's first letters.
  constexpr auto fair_below = 256 / alphabet.size() * alphabet.size();
  std::string key;
  key.reserve(api_key_chars);
  while (key.size() < api_key_chars) {
    std::array<std::byte, api_key_chars> random{};
    fill_random(random);
    for (const auto byte : random) {
      const auto value = std::to_integer<std::size_t>(byte);
      if (value < fair_below && key.size() < api_key_chars) key.push_back(alphabet[value % alphabet.size()]);
    }
  }
  return key;
}

std::string_view role_name(Role role) noexcept {
  switch (role) {
    case Role::viewer: return "viewer";
    case Role::creator: return "creator";
    case Role::admin: return "admin";
  }
  return {};
}

std::optional<Role> parse_role(std::string_view text) noexcept {
  for (const auto role : {Role::viewer, Role::creator, Role::admin}) {
    if (text == role_name(role)) return role;
  }
  return std::nullopt;
}

std::string_view status_name(KeyStatus status) noexcept {
  switch (status) {
    case KeyStatus::active: return "active";
    case KeyStatus::inactive: return "inactive";
    case KeyStatus::revoked: return "revoked";
  }
  return {};
}

std::optional<KeyStatus> parse_status(std::string_view text) noexcept {
  for (const auto status : {KeyStatus::active, KeyStatus::inactive, KeyStatus::revoked}) {
    if (text == status_name(status)) return status;
  }
  return std::nullopt;
}

}  // namespace triggers::auth

#pragma once

// An API key: making one, hashing it, its roles and statuses with their names, and its record (whose stored form is in
// key_record.cc). Checking a record's fields is in validate.h; what a key may do is in authorize.h.

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace triggers::auth {

/// SHA-256 of an API key: all that is stored of it.
struct KeyHash {
  std::array<unsigned char, 32> bytes{};
  auto operator<=>(const KeyHash&) const = default;
  [[nodiscard]] std::string_view view() const noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
};

/// Any thread. About 0.2 us.
[[nodiscard]] KeyHash hash_key(std::string_view api_key);

/// Characters of an API key.
inline constexpr std::size_t api_key_chars = 64;
/// A new API key: 64 characters of [A-Za-z0-9] from the CSPRNG (381 bits).
[[nodiscard]] std::string generate_key();

enum class Role : std::uint8_t {
  viewer,   ///< Reads.
  creator,  ///< Also sends and consumes.
  admin,    ///< Also manages the inboxes and the keys of its own tenant.
};
enum class KeyStatus : std::uint8_t { active, inactive, revoked };

[[nodiscard]] std::string_view role_name(Role role) noexcept;
[[nodiscard]] std::optional<Role> parse_role(std::string_view text) noexcept;
[[nodiscard]] std::string_view status_name(KeyStatus status) noexcept;
[[nodiscard]] std::optional<KeyStatus> parse_status(std::string_view text) noexcept;

/// One secret of a key. A key has one; during a rotation's grace it has two.
struct KeySecret {
  KeyHash hash;
  std::optional<UnixMillis> valid_until;  ///< Set on a secret that was rotated out.
  bool operator==(const KeySecret&) const = default;
};

/// An API key without its secret.
struct KeyRecord {
  std::string key_id;          ///< `key_` and a UUIDv7.
  std::uint64_t revision = 1;  ///< Every change increments it, so a larger one is newer.
  std::string user_id;         ///< The tenant. 1 to 255 bytes.
  std::string user_email;
  Role role = Role::creator;
  bool all_tenants = false;  ///< With Role::admin: manages the keys of every tenant. Only the operator gives it.
  std::optional<std::uint32_t> rate_limit_per_minute = 100;  ///< Nothing: unlimited.
  std::vector<std::string> event_types;                      ///< Allowed types for sending; empty: all.
  std::vector<std::string> inboxes;                          ///< Those that the key may use; empty: all.
  std::optional<UnixMillis> expires_at;
  KeyStatus status = KeyStatus::active;
  std::string description;
  UnixMillis created_at{};
  UnixMillis updated_at{};
  std::optional<UnixMillis> last_used_at;
  std::vector<KeySecret> secrets;

  bool operator==(const KeyRecord&) const = default;
};

/// The stored form (versioned; docs/storage-format.md). decode() takes any bytes.
[[nodiscard]] std::string encode(const KeyRecord& record);
[[nodiscard]] Result<KeyRecord> decode(std::string_view bytes);

}  // namespace triggers::auth

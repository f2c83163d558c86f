#pragma once

// Checks a key's fields against their bounds; also the checks of text that others use too: UTF-8, and no control
// characters. Reading the fields from JSON is in api/endpoints/keys/key_json.h; what a valid key may do is in
// authorize.h.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "auth/key.h"
#include "base/result.h"

namespace triggers::auth {

/// The bounds of a key's fields. Characters are Unicode code points.
struct KeyLimits {
  static constexpr std::size_t key_id_bytes_max = 64;
  static constexpr std::size_t user_id_bytes_max = 255;
  static constexpr std::size_t user_email_bytes_max = 320;
  static constexpr std::size_t description_chars_max = 1000;
  static constexpr std::size_t event_types_max = 100;
  static constexpr std::size_t event_type_chars_max = 255;
  static constexpr std::size_t inboxes_max = 100;
  static constexpr std::uint32_t rate_limit_per_minute_max = 10'000'000;
  static constexpr std::size_t secrets_max = 16;
};

/// Checks what a person may set, before a record is created or changed: every text is UTF-8 without control characters;
/// user_id 1 to 255 bytes; user_email empty or plausible (one `@` with text on both sides, no blanks), at most 320
/// bytes; description at most 1000 characters; at most 100 event types of 1 to 255 characters; at most 100 names of
/// inboxes; the rate 1 to 10,000,000 a minute, or unlimited; times within the years 0 to 9999; all_tenants only with
/// Role::admin. Error: invalid_argument, beginning with the field's name.
[[nodiscard]] Result<Done> validate(const KeyRecord& record);

/// `text` is valid UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF).
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;
/// `text` is UTF-8 without control characters (C0, DEL and C1).
[[nodiscard]] bool is_plain_text(std::string_view text) noexcept;

}  // namespace triggers::auth

#pragma once

// The limits on settings of an inbox and on requests to it. The limits of a filter are in filter/bounds.h.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace triggers::inbox {

/// The member of a request, or of an inbox's settings, that is wrong, and a message that says what would be right.
struct FieldFault {
  std::string field;
  std::string message;
};

/// The whole numbers that a member may have, both ends included.
struct Range {
  std::int64_t min = 0;
  std::int64_t max = 0;
};

// Bounds of an inbox's settings and of requests to it. The unit is in the name.
inline constexpr Range lease_seconds_range{1, 43'200};
inline constexpr Range delay_seconds_range{0, 43'200};
inline constexpr Range wait_seconds_range{0, 30};
inline constexpr Range lease_limit_range{1, 500};
inline constexpr Range max_attempts_range{1, 1'000};
inline constexpr Range retention_days_range{1, 36'500};
inline constexpr Range dead_retention_days_range{1, 36'500};

inline constexpr std::size_t error_chars_max = 1'000;        ///< Unicode code points.
inline constexpr std::size_t description_chars_max = 1'000;  ///< Unicode code points.
inline constexpr std::size_t inboxes_per_tenant_max = 100;

/// Nothing if `value` is in `range`. `value` is the number as it was sent, because a conversion could hide that it is
/// out of range.
[[nodiscard]] std::optional<FieldFault> check_range(std::string_view field, std::int64_t value, Range range);

/// Nothing if `text` is UTF-8 of at most `chars_max` code points.
[[nodiscard]] std::optional<FieldFault> check_text(std::string_view field, std::string_view text,
                                                   std::size_t chars_max);

}  // namespace triggers::inbox

#pragma once

// The settings of an inbox in a request's body. Their bounds are in inbox/bounds.h; as a response they are written by
// inbox_json.h.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "api/exchange/refusal.h"
#include "filter/filter.h"
#include "http/wire/message.h"
#include "inbox/settings.h"

namespace triggers::api {

/// The settings that a request names. The others stay as they are.
struct NamedSettings {
  std::optional<std::string> description, filter;
  std::optional<bool> collect;
  std::optional<std::chrono::seconds> lease_duration;
  std::optional<inbox::MaxAttempts> max_attempts;
  std::optional<std::optional<std::chrono::days>> retention;
  std::optional<std::chrono::days> dead_retention;

  void apply_to(inbox::Settings& settings) const;
  bool operator==(const NamedSettings&) const = default;
};

/// Refused: a body that is no JSON object, and each member with a fault.
[[nodiscard]] OrRefusal<NamedSettings> parse_settings(const http::Request& request);

/// The filter in a body, or 400 with the path of its fault.
[[nodiscard]] OrRefusal<filter::Filter> parse_filter(std::string_view text);

/// The refusal for a change that the store refused, given that parse_settings() found no fault: the filter does not fit
/// beside those of the tenant's other inboxes.
[[nodiscard]] Refusal filter_does_not_fit(const Error& error);

}  // namespace triggers::api

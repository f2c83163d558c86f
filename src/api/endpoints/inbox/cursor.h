#pragma once

// The cursor that a client gets with a page: signing and checking it. Which place it stands for only the engine knows
// (store/continuation.h).

#include <optional>
#include <string>
#include <string_view>

#include "store/page.h"

namespace triggers::api {

/// The tenant and the query that a cursor is valid for.
struct CursorScope {
  std::string_view tenant, inbox;
  std::optional<std::string_view> event_type;
  store::PageOrder order = store::PageOrder::oldest_first;
  std::string_view state{};  ///< Of a page of entries; empty for a page of events.
};

/// A continuation as text for a client: version, the engine's bytes, and a MAC (HMAC-SHA-256, cut to 128 bits) over
/// scope and bytes, so that nobody can forge one, or use it with another scope.
[[nodiscard]] std::string encode_cursor(std::string_view secret, const CursorScope& scope,
                                        const store::Continuation& place);

/// Nothing unless encode_cursor() made `text` with this secret for this scope.
[[nodiscard]] std::optional<store::Continuation> decode_cursor(std::string_view secret, const CursorScope& scope,
                                                               std::string_view text);

}  // namespace triggers::api

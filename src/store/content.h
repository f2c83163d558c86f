#pragma once

#include "store/event_store.h"

namespace triggers::store {

/// True if both are the same event for deduplication: the same type, and a payload that means the same.
[[nodiscard]] bool same_event(const Append& event, std::string_view event_type, std::string_view payload);

}  // namespace triggers::store

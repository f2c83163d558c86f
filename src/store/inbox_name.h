#pragma once

// The names of inboxes. What an inbox does is in default_inbox.h.

#include <string_view>

namespace triggers::store {

/// The name of an inbox. Today every tenant has one, `default`, which takes every event.
inline constexpr std::string_view default_inbox = "default";

}  // namespace triggers::store

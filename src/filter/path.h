#pragma once

// The path of a place in a filter or an event as text, such as `$.payload["a b"][2]`, for messages: appends one name or
// one index.

#include <cstddef>
#include <string>
#include <string_view>

namespace triggers::filter {

/// Appends `.name`, or `["name"]` if the name is not a plain word. A name is cut off after 60 characters.
void append_name(std::string& path, std::string_view name);
void append_index(std::string& path, std::size_t index);

}  // namespace triggers::filter

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace triggers::filter {

/// Appends `.name`, or `["name"]` for a name that is no plain word; what is over 60 characters is cut off.
void append_name(std::string& path, std::string_view name);
void append_index(std::string& path, std::size_t index);

}  // namespace triggers::filter

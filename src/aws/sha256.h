#pragma once

#include <string>
#include <string_view>

namespace triggers::aws {

/// 32 bytes. Any thread.
[[nodiscard]] std::string sha256(std::string_view bytes);

}  // namespace triggers::aws

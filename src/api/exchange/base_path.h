#pragma once

// Removes the configured prefix from a path. The address that clients see, with the prefix, is in public_address.h.

#include <string_view>

namespace triggers::api {

/// `path` without `base_path` in front: `/triggers/inbox` is `/inbox`, and `/triggers` is `/`. A path that does not
/// begin with it stays as it is, so that a health check may leave it out.
[[nodiscard]] inline std::string_view behind_base_path(std::string_view base_path, std::string_view path) noexcept {
  if (base_path.empty() || !path.starts_with(base_path)) return path;
  const std::string_view local = path.substr(base_path.size());
  if (local.empty()) return "/";
  return local.starts_with('/') ? local : path;
}

}  // namespace triggers::api

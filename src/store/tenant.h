#pragma once

#include <compare>
#include <string>

namespace triggers {

/// The owner of everything: a key's `user_id`. 1 to 255 bytes.
struct Tenant {
  std::string id;
  auto operator<=>(const Tenant&) const = default;
};

}  // namespace triggers

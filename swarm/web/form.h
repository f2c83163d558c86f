#pragma once

// Reads the fields of a query or of a form (application/x-www-form-urlencoded).

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace triggers::swarm {

class Form {
 public:
  static constexpr std::size_t fields_max = 200;

  /// Error: `invalid_argument` if an escape is broken or there are too many fields.
  static Result<Form> parse(std::string_view text);

  /// The last field of that name.
  [[nodiscard]] std::optional<std::string> find(std::string_view name) const;
  /// Every field of that name, in order.
  [[nodiscard]] std::vector<std::string> all(std::string_view name) const;

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

}  // namespace triggers::swarm

#include "swarm/load/duration.h"

#include <array>
#include <charconv>
#include <cstdint>

namespace triggers::swarm {

std::optional<std::chrono::seconds> parse_duration(std::string_view text) {
  constexpr std::int64_t longest_s = 10L * 365 * 24 * 3600;
  struct Unit {
    char letter;
    std::int64_t seconds;
  };
  constexpr std::array<Unit, 3> units{{{'h', 3600}, {'m', 60}, {'s', 1}}};
  if (text.empty()) return std::nullopt;
  std::int64_t total = 0;
  std::size_t next_unit = 0;
  while (!text.empty()) {
    std::int64_t number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    const auto digits = static_cast<std::size_t>(read.ptr - text.data());
    if (read.ec != std::errc{} || text.front() == '-' || number > longest_s) return std::nullopt;
    text.remove_prefix(digits);
    if (text.empty()) {
      // A number without a unit is seconds, and must be alone.
      return next_unit == 0 ? std::optional{std::chrono::seconds{number}} : std::nullopt;
    }
    while (next_unit < units.size() && units[next_unit].letter != text.front()) ++next_unit;
    if (next_unit == units.size()) return std::nullopt;
    total += number * units[next_unit++].seconds;
    if (total > longest_s) return std::nullopt;
    text.remove_prefix(1);
  }
  return std::chrono::seconds{total};
}

}  // namespace triggers::swarm

#include "swarm/report/python_repr.h"

#include <array>
#include <charconv>
#include <cmath>

#include "base/invariant.h"

namespace triggers::swarm {

std::string python_repr(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  constexpr double plain_from = 1e-4, plain_below = 1e16;
  const double size = std::abs(value);
  const bool plain = size == 0 || (size >= plain_from && size < plain_below);
  std::array<char, 64> digits{};
  const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), value,
                                     plain ? std::chars_format::fixed : std::chars_format::scientific);
  INVARIANT(written.ec == std::errc{});
  std::string text(digits.data(), written.ptr);
  if (plain && text.find('.') == std::string::npos) text += ".0";
  return text;
}

}  // namespace triggers::swarm

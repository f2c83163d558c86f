#include "swarm/report/status_line.h"

#include <fmt/format.h>

#include <algorithm>

#include "swarm/report/progress.h"

namespace triggers::swarm {

namespace {

// ECMA-48, ED: from the cursor to the end of the screen.
constexpr std::string_view clear_below = "\x1b[J";

}  // namespace

std::string StatusLine::back(std::size_t columns) const {
  if (shown_.empty()) return {};
  const std::size_t rows_above = (columns_of(shown_) - 1) / std::max<std::size_t>(columns, 1);
  return rows_above == 0 ? "\r" : fmt::format("\r\x1b[{}A", rows_above);  // CUU
}

std::string StatusLine::draw(std::string_view line, std::size_t columns) {
  // Overwrite the line without erasing it first, so that it does not flicker.
  std::string out = back(columns).append(line);
  if (!shown_.empty()) out += clear_below;
  shown_ = line;
  return out;
}

std::string StatusLine::above(std::string_view text, std::size_t columns) {
  if (shown_.empty()) return std::string{text};
  std::string out = back(columns);
  out.append(clear_below).append(text).append(shown_);
  return out;
}

}  // namespace triggers::swarm

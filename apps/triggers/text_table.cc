#include "text_table.h"

#include <algorithm>
#include <cstdio>

namespace triggers {

void print_text_table(std::span<const std::string_view> columns, const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::vector<std::string>> lines;
  lines.emplace_back(columns.begin(), columns.end());
  lines.insert(lines.end(), rows.begin(), rows.end());
  std::vector<std::size_t> widths(columns.size());
  for (const auto& line : lines) {
    for (std::size_t c = 0; c < widths.size(); ++c) widths[c] = std::max(widths[c], line[c].size());
  }
  for (const auto& line : lines) {
    for (std::size_t c = 0; c < widths.size(); ++c) {
      std::printf("%-*s%s", static_cast<int>(widths[c]), line[c].c_str(), c + 1 < widths.size() ? "  " : "\n");
    }
  }
}

}  // namespace triggers

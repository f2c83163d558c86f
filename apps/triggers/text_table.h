#pragma once

// Prints rows as a table for a person. What the rows hold is decided by keys_output.h and inboxes_output.h.

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace triggers {

/// Prints the names of the columns and then the rows to standard output. Each column is as wide as its widest text.
void print_text_table(std::span<const std::string_view> columns, const std::vector<std::vector<std::string>>& rows);

}  // namespace triggers

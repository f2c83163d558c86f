#pragma once

#include <span>
#include <string>
#include <string_view>

namespace triggers::swarm {

/// Appends a line as Python's csv module writes it (its dialect "excel", as RFC 4180): commas, CRLF, quotes only around
/// a field that holds a comma, a quote or the end of a line; quotes within are doubled, line ends within stay.
void append_csv_line(std::string& out, std::span<const std::string> fields);
void append_csv_field(std::string& out, std::string_view field);

}  // namespace triggers::swarm

#pragma once

// Quotes the fields of a CSV line. Which lines there are is in csv_tables.h and cut_off_csv.h.

#include <span>
#include <string>
#include <string_view>

namespace triggers::swarm {

/// Appends a line as Python's csv module writes it (dialect "excel", RFC 4180): commas, CRLF, and quotes only around
/// fields with a comma, a quote or a line end. Quotes within a field are doubled.
void append_csv_line(std::string& out, std::span<const std::string> fields);
void append_csv_field(std::string& out, std::string_view field);

}  // namespace triggers::swarm

#include "api/endpoints/inbox/page_parts.h"

#include <fmt/format.h>

namespace triggers::api {

void append_pagination(std::string& out, std::string_view cursor_secret, const CursorScope& scope,
                       const std::optional<store::Continuation>& next, bool has_more, std::uint64_t undelivered) {
  out += "\"pagination\":{\"next_cursor\":";
  if (next) {
    out += '"';
    out += encode_cursor(cursor_secret, scope, *next);
    out += '"';
  } else {
    out += "null";
  }
  out += fmt::format(",\"has_more\":{},\"total_undelivered\":{}}}", has_more, undelivered);
}

}  // namespace triggers::api

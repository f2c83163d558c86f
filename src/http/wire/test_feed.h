#pragma once

// For tests: feeds a request parser as a session does.

#include <cstddef>
#include <string_view>

#include "http/wire/request_parser.h"

namespace triggers::http {

/// Feeds `input` as a session without admission does: every body is accepted, and every slice continues. Returns how
/// much of it was used. `first_slice_bytes`: of what is decoded at once; what follows is decoded in the usual slices.
inline std::size_t feed_and_accept(RequestParser& parser, std::string_view input,
                                   std::size_t first_slice_bytes = RequestParser::slice_bytes_default) {
  std::size_t used = 0;
  for (;;) {
    const bool first = !parser.has_more();
    used += parser.feed(input.substr(used), first ? first_slice_bytes : RequestParser::slice_bytes_default);
    if (parser.state() == RequestParser::State::head) {
      parser.accept_body(true);
    } else if (!parser.has_more()) {
      return used;
    }
  }
}

}  // namespace triggers::http

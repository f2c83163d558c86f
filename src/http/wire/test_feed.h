#pragma once

// For tests: feeds a request parser as a session does.

#include <cstddef>
#include <string_view>

#include "http/wire/request_parser.h"

namespace triggers::http {

/// Feeds `input` as a session without admission does: every body is accepted, and every slice continues. Returns how
/// many bytes were used. `first_slice_bytes`: the size of the first slice of decoding; the others have the usual size.
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

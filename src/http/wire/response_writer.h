#pragma once

// A response as bytes, and the text of its date, for servers. Requests are in request_writer.h.

#include <ctime>
#include <string>
#include <string_view>

#include "http/wire/message.h"

namespace triggers::http {

/// The `Date` field's value (IMF-fixdate; RFC 9110, section 5.6.7), made once a second. One for each IO thread.
class DateText {
 public:
  std::string_view now();

 private:
  std::time_t second_ = -1;
  char text_[32] = {};
};

struct Framing {
  bool head = false;    ///< The response to HEAD: the length of the body, without the body.
  bool close = false;   ///< The connection closes after this response.
  bool http10 = false;  ///< The client must be told that the connection stays open.
};

/// Bodies up to this are copied behind the header, so that one buffer is written.
inline constexpr std::size_t body_copied_bytes_max = 16 * 1024;

/// Replaces `out` with the status line, the fields and, if it is small, the body. True if response.body is still to be
/// written after it.
bool write_response(std::string& out, const Response& response, const Framing& framing, std::string_view date);

/// Replaces `out` with the head of a response that has a StreamedBody: in chunks, or to HTTP/1.0 up to the end of the
/// connection, for which framing.close must be set.
void write_stream_head(std::string& out, const Response& response, const Framing& framing, std::string_view date);
/// Replaces `out` with the line before a chunk of `bytes`, which are not 0 (RFC 9112, section 7.1). A CRLF follows the
/// chunk.
void write_chunk_line(std::string& out, std::size_t bytes);
/// After the last chunk.
inline constexpr std::string_view last_chunk = "0\r\n\r\n";

}  // namespace triggers::http

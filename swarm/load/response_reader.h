#pragma once

// Reads a response as its bytes arrive, within limits: where it ends, its status, fields and body, and whether the
// connection can be used again. The service's own client parses with http/wire/response_parser.h.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace triggers::swarm {

/// Finds the end of one HTTP/1.x response (RFC 9112) as bytes arrive. A response that arrives in one piece is not
/// copied. Memory and the work per byte are bounded, whatever a service sends. Not thread-safe.
///
/// Why not http::ResponseParser: it copies fields and body into a message that its caller keeps, with several
/// allocations per response. swarm looks at a response once and forgets it, a hundred thousand times a second, and that
/// cost would distort every measurement.
class ResponseReader {
 public:
  /// A longer header, trailer section or body makes a response `broken`.
  static constexpr std::size_t header_bytes_max = 64 * 1024;
  static constexpr std::size_t body_bytes_max = 64 * 1024 * 1024;
  /// More interim responses (1xx) than this make a response `broken`. Browsers and curl have about the same limit.
  static constexpr unsigned interim_responses_max = 20;

  enum class State : std::uint8_t { more, whole, broken };

  /// Forgets the last response and prepares for the next one. `to_head`: for that of a HEAD request, which has no body
  /// whatever its fields say (RFC 9110, section 9.3.2).
  void reset(bool to_head = false) noexcept;
  /// Takes the bytes that have just arrived. After `whole`, header() and body() may be views of `bytes`.
  State feed(std::string_view bytes);
  /// The peer has closed. This ends a response without a length.
  State end();

  /// Copies what header() and body() are views of, so that they stay valid until reset(). Only once it is `whole`.
  void keep_views();

  [[nodiscard]] unsigned status() const noexcept { return status_; }
  [[nodiscard]] std::string_view body() const noexcept { return body_; }
  /// The value of the first field with this name; empty if there is none.
  [[nodiscard]] std::string_view header(std::string_view name) const noexcept;
  /// False if the peer will close the connection, or sent more than one response.
  [[nodiscard]] bool keeps_alive() const noexcept { return keep_alive_ && !surplus_; }
  /// True once a byte of the response has arrived.
  [[nodiscard]] bool begun() const noexcept { return begun_; }
  /// True if the response is `broken` because it exceeds a limit above.
  [[nodiscard]] bool over_limit() const noexcept { return over_limit_; }
  /// Memory that this holds, also between two responses.
  [[nodiscard]] std::size_t held_bytes() const noexcept { return buffer_.capacity() + chunks_.capacity(); }

 private:
  State advance(std::string_view text, bool ended);
  State read_head(std::string_view text, bool ended);
  State read_body(std::string_view text, bool ended);
  State read_chunks(std::string_view text);
  State read_trailers(std::string_view text);
  bool read_header(std::string_view header);
  bool read_field(std::string_view name, std::string_view value);
  void keep(std::string_view text);
  /// `broken` if `size` exceeds `size_max`.
  State bounded(std::size_t size, std::size_t size_max) noexcept;

  std::string buffer_;  // the part of the response that is still needed, if it does not arrive in one piece
  std::string chunks_;  // the decoded body of a chunked response
  // Offsets into the text: buffer_, or the single piece.
  std::size_t begin_ = 0;     // of the response, after the interim ones
  std::size_t body_at_ = 0;   // 0: the header has not ended
  std::size_t parsed_ = 0;    // chunked: how far the body has been read
  std::size_t searched_ = 0;  // the end of the header, line or trailers is not before this offset
  std::string_view header_, body_;
  std::optional<std::size_t> length_;
  unsigned status_ = 0, interim_responses_ = 0;
  bool chunked_ = false, keep_alive_ = true, surplus_ = false, begun_ = false, in_trailers_ = false;
  bool over_limit_ = false, to_head_ = false;
};

}  // namespace triggers::swarm

#pragma once

// Turns bytes into a response within limits, for clients, and says whether the connection can be used again. Requests
// are in request_parser.h. The load generator has a reader of its own: swarm/load/response_reader.h.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/wire/message.h"

namespace triggers::http {

/// The largest header of a response, and of the trailers of a chunked one.
inline constexpr std::size_t response_header_bytes_max = 64 * 1024;
/// More interim responses than this before the final one are refused.
inline constexpr unsigned interim_answers_max = 20;

/// Parses one response (RFC 9112) as its bytes arrive: Content-Length, chunked, or until the end of the connection.
/// Skips interim responses (1xx), up to a limit. Two lengths that contradict each other, a length beside a
/// transfer coding and codings other than chunked are refused: readers could disagree on where such a response ends.
class ResponseParser {
 public:
  enum class State : std::uint8_t { more, whole, broken };

  /// `bodiless`: the response to HEAD. A body over `body_bytes_max` is refused.
  ResponseParser(bool bodiless, std::size_t body_bytes_max) : bodiless_(bodiless), body_bytes_max_(body_bytes_max) {}

  /// Takes the next bytes of the stream. Not to be called after `whole` or `broken`.
  State feed(std::string_view bytes);
  /// The peer sends no more.
  State end();

  /// True once a byte of a response has arrived.
  [[nodiscard]] bool started() const noexcept { return started_; }
  /// True once the header is complete; not that of an interim response.
  [[nodiscard]] bool has_head() const noexcept { return step_ != Step::head && step_ != Step::failed; }
  /// The status and the header, once they are there.
  [[nodiscard]] const ClientResponse& head() const noexcept { return response_; }
  /// Takes what has arrived of the body. The limit of its size then counts from there.
  std::string take_body();
  /// After `whole`: another request may follow on this connection.
  [[nodiscard]] bool reusable() const noexcept { return keep_alive_ && !surplus_; }
  /// After `whole`, once.
  ClientResponse take() { return std::move(response_); }

 private:
  enum class Step : std::uint8_t { head, length, until_end, chunk_size, chunk, chunk_end, trailer, done, failed };

  std::size_t take_some(std::string_view bytes);
  std::size_t take_head(std::string_view bytes);
  std::size_t take_line(std::string_view bytes);
  std::size_t take_body(std::string_view bytes);
  void line_done();
  bool read_head(std::string_view head);
  bool choose_framing(bool http10);
  void body_follows(std::uint64_t bytes);
  [[nodiscard]] State state() const noexcept;

  bool bodiless_;
  std::size_t body_bytes_max_;
  Step step_ = Step::head;
  std::string text_;        // of the head or line that has not ended
  std::uint64_t left_ = 0;  // bytes of the body or chunk
  std::size_t trailer_bytes_ = 0;
  unsigned interim_answers_ = 0;
  bool started_ = false;
  bool keep_alive_ = false;
  bool surplus_ = false;
  ClientResponse response_;
};

}  // namespace triggers::http

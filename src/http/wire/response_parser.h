#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/client/fetch.h"

namespace triggers::http {

/// The largest header of an answer, and of the trailers of a chunked one.
inline constexpr std::size_t response_header_bytes_max = 64 * 1024;
/// More interim answers than this before the real one are refused.
inline constexpr unsigned interim_answers_max = 20;

/// Takes one answer (RFC 9112) apart as its bytes come: Content-Length, chunked, or until the end of the connection.
/// Interim answers (1xx) are passed over, up to a bound. Two lengths that contradict each other, a length beside a
/// transfer coding and codings other than chunked are refused: readers could disagree on where such an answer ends.
class ResponseParser {
 public:
  enum class State : std::uint8_t { more, whole, broken };

  /// `bodiless`: the answer to HEAD. A body over `body_bytes_max` is refused.
  ResponseParser(bool bodiless, std::size_t body_bytes_max) : bodiless_(bodiless), body_bytes_max_(body_bytes_max) {}

  /// What follows in the stream. After `whole` or `broken`, no more.
  State feed(std::string_view bytes);
  /// The peer sends no more.
  State end();

  /// True once a byte of an answer has come.
  [[nodiscard]] bool started() const noexcept { return started_; }
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

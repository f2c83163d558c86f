#pragma once

// Turns bytes into a request, for servers. Responses are in response_parser.h.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "http/wire/message.h"
#include "http/wire/protocol_error.h"

namespace triggers::http {

/// The sizes that a request may have; the members are those of ServerConfig.
struct RequestLimits {
  std::size_t header_bytes_max = 32 * 1024;
  std::size_t body_bytes_max = 512 * 1024;
  std::function<std::size_t(Method, std::string_view target)> body_bytes_max_for;
};

/// Turns bytes into a Request or a ProtocolError. The result does not depend on how the bytes are split. A connection
/// uses one parser for all its requests, so that the buffers are reused.
class RequestParser {
 public:
  enum class State {
    header,    ///< Wants more of the request line and the fields.
    head,      ///< The fields are read and a body follows: wants accept_body() or drop_body().
    body,      ///< Wants more of the body.
    complete,  ///< request() is whole. Bytes of the next request were left alone.
    failed,    ///< error() says why; nothing that follows on this connection can be trusted.
  };

  /// `limits` outlives the parser.
  explicit RequestParser(const RequestLimits& limits);
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;
  ~RequestParser();

  /// Forgets the request (not its peer) and waits for the next. Gives back large buffers.
  void reset();

  /// How much one call of feed() decodes by default.
  static constexpr std::size_t slice_bytes_default = 64 * 1024;

  /// Takes bytes from the front of `input` and says how many it used. What was not used must be offered again, with
  /// more bytes behind it. The parser can always make progress with an `input` of limits.header_bytes_max. At most
  /// `slice_bytes` of a body are decoded; with 0 nothing is.
  std::size_t feed(std::string_view input, std::size_t slice_bytes = slice_bytes_default);
  /// feed() has stopped after a slice of decoding, so that one call is short. Let other work run, then call it again
  /// with the remaining input, which may be empty. The next call may be on another thread.
  [[nodiscard]] bool has_more() const noexcept { return has_more_; }

  /// In State::head: takes the body, or fails because of its length or coding. Without `keep`, the body is skipped: it
  /// takes no memory and is not decoded.
  void accept_body(bool keep);
  /// In State::head: skips the body of a request that was refused, whatever the body is.
  void drop_body();
  /// In State::head: the length of the body, if it was declared, is within the limit, and nothing is to be decoded.
  [[nodiscard]] std::optional<std::size_t> plain_body_bytes() const noexcept;
  /// In State::head: how many bytes will come on the wire, if that was declared.
  [[nodiscard]] std::optional<std::size_t> body_bytes_declared() const noexcept;
  /// The body is decoded as it arrives.
  [[nodiscard]] bool decodes() const noexcept { return coding_ == Coding::gzip && keeps_body_; }
  /// Decoded bytes of the body so far.
  [[nodiscard]] std::size_t decoded_bytes() const noexcept;
  /// Memory of the body now, including its decoder.
  [[nodiscard]] std::size_t body_memory_bytes() const noexcept;

  /// Space into which the caller may read the rest of a body of declared length, instead of feed(); empty if that is
  /// not possible. It grows with what has arrived, not with what was declared. Only after feed() has used all of its
  /// input.
  [[nodiscard]] std::span<char> body_space();
  /// `size` bytes were written to the front of body_space().
  void body_written(std::size_t size);

  [[nodiscard]] State state() const noexcept { return state_; }
  /// True once a byte of the request has been seen (empty lines before it do not count; RFC 9112, section 2.2).
  [[nodiscard]] bool started() const noexcept { return started_; }
  [[nodiscard]] Request& request() noexcept { return request_; }
  [[nodiscard]] const ProtocolError& error() const noexcept { return error_; }
  /// The sender waits for `100 Continue` before it sends the body (RFC 9110, section 10.1.1).
  [[nodiscard]] bool expects_continue() const noexcept { return expects_continue_; }
  /// Bytes of the body so far, before decoding.
  [[nodiscard]] std::size_t body_bytes() const noexcept { return body_bytes_; }
  /// Whether the client wants the connection to stay open after this request (RFC 9112, section 9.3).
  [[nodiscard]] bool keep_alive() const noexcept { return keep_alive_; }
  [[nodiscard]] bool is_http10() const noexcept { return http10_; }

 private:
  struct Wire;
  enum class Coding : std::uint8_t { none, gzip, unknown };

  std::size_t feed_header(std::string_view input);
  void read_header(std::string_view header);
  std::size_t feed_sized_body(std::string_view input);
  std::size_t feed_chunks(std::string_view input);
  void header_ended();
  std::size_t take_body(std::string_view bytes);
  void body_ended();
  void fail(ProtocolProblem problem, std::string_view detail, std::size_t limit_bytes = 0, std::size_t size_bytes = 0);
  bool check_host();
  bool check_transfer_encoding();
  bool check_expectation();
  Coding content_coding() const;

  const RequestLimits& limits_;
  std::unique_ptr<Wire> wire_;  // what knows Beast and zlib
  Request request_;
  ProtocolError error_{};
  State state_ = State::header;
  bool started_ = false;
  bool expects_continue_ = false;
  bool keep_alive_ = false;
  bool http10_ = false;
  bool chunked_ = false;
  bool keeps_body_ = false;
  bool has_more_ = false;
  Coding coding_ = Coding::none;
  std::size_t slice_left_ = 0;  // bytes that this call of feed() may still decode
  std::size_t scanned_ = 0;     // bytes of the input in which no end of the header was found
  const char* header_end_ = nullptr;
  std::size_t body_left_ = 0;   // of a declared length
  std::size_t chunk_left_ = 0;  // of the chunk whose header was read
  std::size_t body_bytes_ = 0;  // that have come, before decoding
  std::size_t body_limit_ = 0;
};

}  // namespace triggers::http

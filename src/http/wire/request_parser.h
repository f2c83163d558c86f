#pragma once

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

/// What a request may weigh; the members are those of ServerConfig.
struct RequestLimits {
  std::size_t header_bytes_max = 32 * 1024;
  std::size_t body_bytes_max = 512 * 1024;
  std::function<std::size_t(Method, std::string_view target)> body_bytes_max_for;
};

/// Bytes to a Request or a ProtocolError, without a socket. However the bytes are cut into pieces, the result is the
/// same. One for each connection, used for its requests in turn, so that the buffers of the request are used again.
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

  /// Decoded in one call of feed(), unless the caller wants another size.
  static constexpr std::size_t slice_bytes_default = 64 * 1024;

  /// Takes bytes from the front of `input` and says how many it used. What was not used must be offered again, with
  /// more bytes behind it. `input` need never be longer than limits.header_bytes_max for the parser to get on. At most
  /// `slice_bytes` of a body are decoded; with 0 nothing is.
  std::size_t feed(std::string_view input, std::size_t slice_bytes = slice_bytes_default);
  /// feed() has stopped after a slice of decoding, so that one call is short: call it again, with what it left or
  /// nothing, once others had their turn, or on a thread that nobody waits for.
  [[nodiscard]] bool has_more() const noexcept { return has_more_; }

  /// In State::head: takes the body, or fails because of its length or coding. Not to `keep` it: it is read past, takes
  /// no memory and is not decoded.
  void accept_body(bool keep);
  /// In State::head: reads past the body of a request that was refused, whatever it is.
  void drop_body();
  /// In State::head: the length of the body, if it was declared, is within the limit, and nothing is to be decoded.
  [[nodiscard]] std::optional<std::size_t> plain_body_bytes() const noexcept;
  /// In State::head: what is to come on the wire, if it was declared.
  [[nodiscard]] std::optional<std::size_t> body_bytes_declared() const noexcept;
  /// The body is decoded as it comes.
  [[nodiscard]] bool decodes() const noexcept { return coding_ == Coding::gzip && keeps_body_; }
  /// What has come of the body, decoded.
  [[nodiscard]] std::size_t decoded_bytes() const noexcept;
  /// Memory that the body takes now, with what decodes it.
  [[nodiscard]] std::size_t body_memory_bytes() const noexcept;

  /// Where the rest of a body of a declared length may be written instead of being fed; empty if that is not possible.
  /// Grows with what has come, not with what was declared. Only after feed() has used all of its input.
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
  /// What has come of the body, before decoding.
  [[nodiscard]] std::size_t body_bytes() const noexcept { return body_bytes_; }
  /// Whether the connection stays open after this request, as far as the client says (RFC 9112, section 9.3).
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

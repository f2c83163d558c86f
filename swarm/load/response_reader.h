#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace triggers::swarm {

/// Finds the end of one HTTP/1.x answer (RFC 9112) in bytes as they come. An answer that comes in one piece is not
/// copied. Whatever a service sends, what is held and the work for each byte are bounded. Not for two threads at once.
///
/// http::ResponseParser takes the same answers, and makes of each a message that its caller keeps: a list of fields and
/// a body of its own, so some allocations and two copies an answer. Here an answer is looked at once and forgotten, a
/// hundred thousand times a second; its cost would be an error of every measurement. So there are two.
class ResponseReader {
 public:
  /// A header, the trailers or a chunk's line longer than this, or a body longer than that, is broken.
  static constexpr std::size_t header_bytes_max = 64 * 1024;
  static constexpr std::size_t body_bytes_max = 64 * 1024 * 1024;
  /// More interim answers (1xx) than this before the real one are broken. Browsers and curl stop at about as many.
  static constexpr unsigned interim_answers_max = 20;

  enum class State : std::uint8_t { more, whole, broken };

  /// For the next answer; forgets the last one.
  void reset() noexcept;
  /// What has just come. After `whole`, header() and body() may look into `bytes`.
  State feed(std::string_view bytes);
  /// The peer has closed: an answer without a length has its end here.
  State end();

  [[nodiscard]] unsigned status() const noexcept { return status_; }
  [[nodiscard]] std::string_view body() const noexcept { return body_; }
  /// The first field of that name; empty if there is none.
  [[nodiscard]] std::string_view header(std::string_view name) const noexcept;
  /// False if the peer will close, or sent more than its answer.
  [[nodiscard]] bool keeps_alive() const noexcept { return keep_alive_ && !surplus_; }
  /// True once anything of the answer has come.
  [[nodiscard]] bool begun() const noexcept { return begun_; }
  /// Broken because of one of the bounds above.
  [[nodiscard]] bool over_a_bound() const noexcept { return over_a_bound_; }
  /// Memory that this holds, also between two answers.
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
  /// `broken` if so much is more than the bound.
  State bounded(std::size_t size, std::size_t size_max) noexcept;

  std::string buffer_;  // what came, if it did not come in one piece, less what is not needed any more
  std::string chunks_;  // a chunked body, put together
  // Places in the text: buffer_, or the one piece.
  std::size_t begin_ = 0;     // of the answer, behind the interim ones
  std::size_t body_at_ = 0;   // 0: the header has not ended
  std::size_t parsed_ = 0;    // chunked: what has been read
  std::size_t searched_ = 0;  // up to here there is no end of what is searched for: header, line or trailers
  std::string_view header_, body_;
  std::optional<std::size_t> length_;
  unsigned status_ = 0, interim_answers_ = 0;
  bool chunked_ = false, keep_alive_ = true, surplus_ = false, begun_ = false, in_trailers_ = false;
  bool over_a_bound_ = false;
};

}  // namespace triggers::swarm

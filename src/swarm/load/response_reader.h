#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace triggers::swarm {

/// Finds the end of one HTTP/1.x answer (RFC 9112) in bytes as they come. An answer that comes in one piece is not
/// copied. Not for two threads at once.
///
/// http::ResponseParser takes the same answers, and makes of each a message that its caller keeps: a list of fields and
/// a body of its own, so some allocations and two copies an answer. Here an answer is looked at once and forgotten, a
/// hundred thousand times a second; its cost would be an error of every measurement. So there are two.
class ResponseReader {
 public:
  /// A header or a chunk line longer than this, or a body longer than that, is broken.
  static constexpr std::size_t header_bytes_max = 64 * 1024;
  static constexpr std::size_t body_bytes_max = 64 * 1024 * 1024;

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

 private:
  State advance(std::string_view text, bool ended);
  bool read_header(std::string_view header);
  State read_chunks(std::string_view text);

  std::string buffer_;      // what came, when it did not come in one piece
  std::string chunks_;      // a chunked body, put together
  std::size_t parsed_ = 0;  // chunked: how far `text` has been read
  std::string_view header_, body_;
  std::optional<std::size_t> length_;
  std::size_t body_at_ = 0;  // 0: the header has not ended
  unsigned status_ = 0;
  bool chunked_ = false, keep_alive_ = true, surplus_ = false, begun_ = false;
  bool took_interim_ = false;  // in this feed(): buffer_ has what followed it
};

}  // namespace triggers::swarm

#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace triggers::http {

/// Decodes a gzip body piece by piece (RFC 1952; several members one after the other are one body). Not thread-safe.
class GzipDecoder {
 public:
  enum class Outcome {
    ok,         ///< All of the input was taken, and all that it decodes to was made.
    more,       ///< The slice is used up: call again, with what is left of the input, though it may be empty.
    too_large,  ///< The decoded body would pass the limit.
    broken,     ///< Not gzip, a wrong checksum, or bytes after the end.
  };

  GzipDecoder();
  GzipDecoder(const GzipDecoder&) = delete;
  GzipDecoder& operator=(const GzipDecoder&) = delete;
  ~GzipDecoder();

  /// Memory that a decoder takes, about: zlib's window and tables.
  static constexpr std::size_t memory_bytes = 48 * 1024;

  /// Appends what `input` decodes to, and takes that off its front. Stops once `slice_bytes` were made, so that one
  /// call is short, however much the input decodes to. `out` never grows past `limit_bytes`.
  Outcome decode(std::string_view& input, std::string& out, std::size_t limit_bytes, std::size_t slice_bytes);
  /// True if the input so far ends where a member ends.
  [[nodiscard]] bool at_end() const noexcept;

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;
};

}  // namespace triggers::http

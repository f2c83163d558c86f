#pragma once

// Decodes gzip. Where it is called, and on which thread, is in http/server/session.cc and lambda/body.h.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace triggers::http {

/// Decodes a gzip body piece by piece (RFC 1952; several members one after the other are one body). Not thread-safe.
class GzipDecoder {
 public:
  enum class Status {
    ok,         ///< All of the input was taken and decoded.
    more,       ///< The slice is full: call again with the remaining input, which may be empty.
    too_large,  ///< The decoded body would exceed the limit.
    broken,     ///< Not gzip, a wrong checksum, or bytes after the end.
  };

  GzipDecoder();
  GzipDecoder(const GzipDecoder&) = delete;
  GzipDecoder& operator=(const GzipDecoder&) = delete;
  ~GzipDecoder();

  /// Approximate memory of a decoder: zlib's window and tables.
  static constexpr std::size_t memory_bytes = 48 * 1024;

  /// Decodes from the front of `input`, removes what it used, and appends the result. Stops after `slice_bytes` of
  /// output, so that one call is short however much the input decodes to. `out` never grows past `limit_bytes`.
  Status decode(std::string_view& input, std::string& out, std::size_t limit_bytes, std::size_t slice_bytes);
  /// True if the input so far ends where a member ends.
  [[nodiscard]] bool at_end() const noexcept;

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;
};

}  // namespace triggers::http

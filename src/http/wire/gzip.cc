#include "http/wire/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <array>

#include "base/invariant.h"

namespace triggers::http {
namespace {

constexpr int gzip_window_bits = 15 + 16;  // 16: only the gzip wrapper, neither zlib's nor raw deflate
constexpr std::size_t piece_bytes = 16 * 1024;

}  // namespace

struct GzipDecoder::Stream {
  z_stream z{};
  bool at_end = false;
};

GzipDecoder::GzipDecoder() : stream_(std::make_unique<Stream>()) {
  INVARIANT(inflateInit2(&stream_->z, gzip_window_bits) == Z_OK);
}

GzipDecoder::~GzipDecoder() { inflateEnd(&stream_->z); }

bool GzipDecoder::at_end() const noexcept { return stream_->at_end; }

GzipDecoder::Status GzipDecoder::decode(std::string_view& input, std::string& out, std::size_t limit_bytes,
                                        std::size_t slice_bytes) {
  z_stream& z = stream_->z;
  std::array<Bytef, piece_bytes> piece;
  for (std::size_t made_all = 0;;) {
    if (stream_->at_end) {
      if (input.empty()) return Status::ok;
      inflateReset(&z);
      stream_->at_end = false;
    }
    if (made_all >= slice_bytes) return Status::more;
    const std::size_t room = std::min(piece.size(), slice_bytes - made_all);
    // zlib's interface is older than const; it does not write to its input.
    z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
    z.avail_in = static_cast<uInt>(input.size());
    z.next_out = piece.data();
    z.avail_out = static_cast<uInt>(room);
    const int result = inflate(&z, Z_NO_FLUSH);
    input.remove_prefix(input.size() - z.avail_in);
    const std::size_t made = room - z.avail_out;
    if (made > limit_bytes - std::min(out.size(), limit_bytes)) return Status::too_large;
    out.append(reinterpret_cast<const char*>(piece.data()), made);
    made_all += made;
    // It wants more input than there is.
    if (result == Z_BUF_ERROR || (result == Z_OK && z.avail_in == 0 && z.avail_out != 0)) return Status::ok;
    if (result != Z_OK && result != Z_STREAM_END) return Status::broken;
    stream_->at_end = result == Z_STREAM_END;
  }
}

}  // namespace triggers::http

#include "line_reader.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

namespace triggers {

bool LineReader::finish(Line& line, std::size_t end, std::size_t after) {
  line.number = ++lines_;
  line.bytes = dropped_ + (end - at_);
  line.too_long = line.bytes > line_bytes_max_;
  line.text = line.too_long ? std::string_view{} : std::string_view(buffer_).substr(at_, end - at_);
  dropped_ = 0;
  at_ = searched_ = after;
  return true;
}

/// False if buffer_ has no whole line.
bool LineReader::take(Line& line) {
  const auto end = buffer_.find('\n', searched_);
  if (end != std::string::npos) return finish(line, end, end + 1);
  searched_ = buffer_.size();
  if (ended_ && (buffer_.size() > at_ || dropped_ > 0)) return finish(line, buffer_.size(), buffer_.size());
  return false;
}

void LineReader::drop_what_is_too_long() {
  buffer_.erase(0, at_);
  at_ = 0;
  if (dropped_ > 0 || buffer_.size() > line_bytes_max_) {
    dropped_ += buffer_.size();
    buffer_.clear();
  }
  searched_ = buffer_.size();
}

bool LineReader::read_some() {
  std::array<char, 64 * 1024> piece;
  const ssize_t got = ::read(fd_, piece.data(), piece.size());
  if (got < 0) {
    if (errno == EINTR || errno == EAGAIN) return true;
    error_ = std::generic_category().message(errno);
    return false;
  }
  ended_ = got == 0;
  bytes_read_ += static_cast<std::uint64_t>(got);
  buffer_.append(piece.data(), static_cast<std::size_t>(got));
  return true;
}

LineReader::Outcome LineReader::next(std::chrono::steady_clock::time_point deadline, Line& line) {
  for (;;) {
    if (take(line)) return Outcome::line;
    if (ended_) return Outcome::end;
    drop_what_is_too_long();
    switch (interrupt_.wait_readable(fd_, deadline)) {
      case Interrupt::Ready::interrupted: return Outcome::interrupted;
      case Interrupt::Ready::timed_out: return Outcome::timed_out;
      case Interrupt::Ready::readable: break;
    }
    if (!read_some()) return Outcome::failed;
  }
}

}  // namespace triggers

#include "log/output.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstddef>
#include <string>

namespace triggers::log {
namespace {

constexpr int poll_interval_ms = 50;

/// The same pipe or terminal once more, so that O_NONBLOCK is ours alone: other processes share the description that we
/// were given. -1 if the system does not allow it (another user's pipe, no /proc).
int open_nonblocking(int descriptor) {
  const std::string path = "/proc/self/fd/" + std::to_string(descriptor);
  return ::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

}  // namespace

Output::Output(int descriptor) : descriptor_(descriptor) {
  struct stat status{};
  if (::fstat(descriptor, &status) != 0) return;
  is_pipe_ = S_ISFIFO(status.st_mode);
  if (!is_pipe_ && ::isatty(descriptor) != 1) return;
  const int own = open_nonblocking(descriptor);
  if (own < 0) return;
  descriptor_ = own;
  owned_ = true;
}

Output::~Output() {
  if (owned_) ::close(descriptor_);
}

bool Output::write(std::string_view text, const std::function<bool()>& may_wait) {
  while (!text.empty()) {
    if (!wait_writable(may_wait)) return false;
    const auto piece = next_piece(text);
    auto done = ::send(descriptor_, piece.data(), piece.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (done < 0 && errno == ENOTSOCK) done = ::write(descriptor_, piece.data(), piece.size());
    if (done < 0 && errno != EINTR && errno != EAGAIN) return false;
    if (done > 0) text.remove_prefix(static_cast<std::size_t>(done));
  }
  return true;
}

/// What a writable pipe takes without blocking and without mixing with other writers is PIPE_BUF (POSIX, write()).
std::string_view Output::next_piece(std::string_view text) const {
  if (!is_pipe_ || text.size() <= PIPE_BUF) return text;
  const auto line_end = text.substr(0, PIPE_BUF).rfind('\n');
  return text.substr(0, line_end == std::string_view::npos ? PIPE_BUF : line_end + 1);
}

bool Output::wait_writable(const std::function<bool()>& may_wait) const {
  for (int timeout_ms = 0;; timeout_ms = poll_interval_ms) {
    pollfd entry{descriptor_, POLLOUT, 0};
    const auto ready = ::poll(&entry, 1, timeout_ms);
    if (ready > 0) return (entry.revents & POLLOUT) != 0;
    if (ready < 0 && errno != EINTR) return false;
    if (!may_wait()) return false;
  }
}

}  // namespace triggers::log

#include "base/direct_stderr.h"

#include <poll.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>

namespace triggers {
namespace {

constexpr int patience_ms = 200;

}  // namespace

void write_direct_to_stderr(std::string_view text) noexcept {
  pollfd reader{STDERR_FILENO, POLLOUT, 0};
  if (::poll(&reader, 1, patience_ms) != 1) return;
  char line_feed = '\n';
  const std::array<iovec, 2> line{iovec{const_cast<char*>(text.data()), text.size()}, iovec{&line_feed, 1}};
  // One call, so that lines of other threads stay whole. A failure cannot be reported any more.
  [[maybe_unused]] const auto written = ::writev(STDERR_FILENO, line.data(), static_cast<int>(line.size()));
}

}  // namespace triggers

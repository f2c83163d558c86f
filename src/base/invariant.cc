#include "base/invariant.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <climits>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>

namespace triggers {
namespace {

constexpr int patience_ms = 100;

std::atomic<void (*)() noexcept> last_words_hook{nullptr};

}  // namespace

void invariant_failed(const char* expression, const char* file, int line) noexcept {
  invariant_failed(expression, file, line, "%s", "");
}

void invariant_failed(const char* expression, const char* file, int line, const char* message, ...) noexcept {
  std::array<char, 512> why{};
  std::va_list values;
  va_start(values, message);
  (void)std::vsnprintf(why.data(), why.size(), message, values);
  va_end(values);
  // A pipe that polls as writable accepts this many bytes without blocking: a stuck reader must not keep the
  // process from ending.
  std::array<char, PIPE_BUF> text{};
  const int size = std::snprintf(text.data(), text.size(), "invariant failed: %s%s%s (%s:%d)\n", expression,
                                 why[0] != '\0' ? ": " : "", why.data(), file, line);
  pollfd standard_error{STDERR_FILENO, POLLOUT, 0};
  if (size > 0 && ::poll(&standard_error, 1, patience_ms) > 0) {
    const auto written = std::min(static_cast<std::size_t>(size), text.size() - 1);
    (void)!::write(STDERR_FILENO, text.data(), written);
  }
  if (const auto last_words = last_words_hook.exchange(nullptr)) last_words();
  std::abort();
}

void on_invariant_failure(void (*last_words)() noexcept) noexcept { last_words_hook = last_words; }

}  // namespace triggers

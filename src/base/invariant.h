#pragma once

namespace triggers {

/// Reports a broken invariant on standard error and aborts. Never returns.
[[noreturn]] void invariant_failed(const char* expression, const char* file, int line) noexcept;

}  // namespace triggers

/// Our own bug, in release builds too: the write-ahead log makes a restart safe, a wrong answer is not.
#define INVARIANT(expression) \
  ((expression) ? static_cast<void>(0) : ::triggers::invariant_failed(#expression, __FILE__, __LINE__))

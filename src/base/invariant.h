#pragma once

// INVARIANT: ends the process on a bug of our own. Failures of the world or of a client are in result.h.

namespace triggers {

/// Reports a broken invariant on standard error and aborts. Never returns. Waits at most 100 ms for standard error.
[[noreturn, gnu::cold]] void invariant_failed(const char* expression, const char* file, int line) noexcept;
/// The same with a message, as of printf().
[[noreturn, gnu::cold, gnu::format(printf, 4, 5)]] void invariant_failed(const char* expression, const char* file,
                                                                         int line, const char* message, ...) noexcept;

/// Sets a function that runs between the report and the abort; nullptr: none. It must not block for long, nor take a
/// lock that the failed thread may hold.
void on_invariant_failure(void (*last_words)() noexcept) noexcept;

}  // namespace triggers

/// Aborts on a bug of our own, in release builds too. The write-ahead log makes a restart safe; a wrong response is
/// not. An optional message, with printf's arguments, says what is broken. Its arguments are evaluated only on failure:
///
///     INVARIANT(begin <= end, "a part of an operation ends at %zu, before its begin %zu", end, begin);
#define INVARIANT(expression, ...)     \
  ((expression) ? static_cast<void>(0) \
                : ::triggers::invariant_failed(#expression, __FILE__, __LINE__ __VA_OPT__(, ) __VA_ARGS__))

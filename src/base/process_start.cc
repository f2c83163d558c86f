#include "base/process_start.h"

#include <cxxabi.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <typeinfo>

#include "base/direct_stderr.h"

namespace triggers {
namespace {

const char* program_name = "triggers";
constexpr int no_standard_descriptor = 126;  // As a shell's "cannot be executed".

bool is_open(int descriptor) { return ::fcntl(descriptor, F_GETFD) >= 0 || errno != EBADF; }

/// Open for the other direction than its name says, so that writes and reads fail as they would on a closed one:
/// `triggers keys create >&-` must not lose the key without a word.
void ensure_open(int descriptor) {
  if (is_open(descriptor)) return;
  const int flags = descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY;
  int opened = ::open("/dev/null", flags);
  if (opened < 0) opened = ::open("/", O_PATH);
  // The lowest free number: the ones before it are open.
  if (opened != descriptor) ::_exit(no_standard_descriptor);
}

[[noreturn]] void end_by_exception() noexcept {
  const char* what = "";
  const std::type_info* const type = abi::__cxa_current_exception_type();
  if (const auto failure = std::current_exception()) {
    try {
      std::rethrow_exception(failure);
    } catch (const std::exception& known) {
      what = known.what();
    } catch (...) {
      what = "not a std::exception";
    }
  }
  int status = 0;
  char* const demangled = type == nullptr ? nullptr : abi::__cxa_demangle(type->name(), nullptr, nullptr, &status);
  const char* const unknown = "unknown (most likely a thread could not be started)";
  const char* const name = type == nullptr ? unknown : demangled != nullptr ? demangled : type->name();
  std::array<char, 16> thread{};
  ::prctl(PR_GET_NAME, thread.data());
  std::array<char, 512> text{};
  std::snprintf(text.data(), text.size(), "%s: ended by an exception that nothing caught, in the thread %s: %s%s%s",
                program_name, thread.data(), name, *what == '\0' ? "" : ": ", what);
  write_direct_to_stderr(text.data());
  std::abort();
}

}  // namespace

void start_process(const char* program) noexcept {
  program_name = program;
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ensure_open(descriptor);
  for (const int number : {SIGPIPE, SIGXFSZ, SIGUSR1, SIGUSR2}) ::signal(number, SIG_IGN);
  std::set_terminate(end_by_exception);
}

std::string cause_of(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& known) {
    return known.what();
  } catch (...) {
    return "an exception of an unknown type";
  }
}

}  // namespace triggers

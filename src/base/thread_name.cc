#include "base/thread_name.h"

#include <pthread.h>

#include <array>
#include <cstdio>

#include "base/invariant.h"

namespace triggers {

void name_thread(std::string_view role) noexcept {
  INVARIANT(role.size() <= thread_name_chars_max, "the name of a thread is too long: %.*s",
            static_cast<int>(role.size()), role.data());
  std::array<char, thread_name_chars_max + 1> name{};
  role.copy(name.data(), thread_name_chars_max);
  ::pthread_setname_np(::pthread_self(), name.data());
}

void name_thread(std::string_view role, std::size_t number) noexcept {
  std::array<char, thread_name_chars_max + 1> name{};
  const int length =
      std::snprintf(name.data(), name.size(), "%.*s-%zu", static_cast<int>(role.size()), role.data(), number);
  INVARIANT(length > 0, "a name of a thread cannot be formatted");
  name_thread(name.data());
}

}  // namespace triggers

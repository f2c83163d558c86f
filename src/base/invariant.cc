#include "base/invariant.h"

#include <cstdio>
#include <cstdlib>

namespace triggers {

void invariant_failed(const char* expression, const char* file, int line) noexcept {
  std::fprintf(stderr, "invariant failed: %s (%s:%d)\n", expression, file, line);
  std::abort();
}

}  // namespace triggers

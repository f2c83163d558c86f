#include "output.h"

#include <cstdio>

namespace triggers {

bool flush_output() { return std::fflush(stdout) == 0 && std::ferror(stdout) == 0; }

}  // namespace triggers

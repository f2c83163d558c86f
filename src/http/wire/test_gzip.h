#pragma once

// For tests: makes gzip data. Decoding it is in gzip.h.

#include <string>
#include <string_view>

namespace triggers::http {

/// One gzip member; for tests.
std::string gzipped(std::string_view text);

}  // namespace triggers::http

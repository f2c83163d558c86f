#pragma once

// Whether a store is opened for writing or for reading only. The roles of API keys, which say what a client may do, are
// in auth/authorize.h.

#include <cstdint>

namespace triggers::store {

/// What a store is opened for.
enum class Access : std::uint8_t {
  write,  ///< Makes a store if there is none.
  read,   ///< Writes, deletes and creates nothing at all.
};

}  // namespace triggers::store

#pragma once

// For tests: frees what a C library has allocated.

namespace triggers::net {

/// A deleter that calls a C library's function.
template <auto free>
struct FreeWith {
  template <class T>
  void operator()(T* object) const {
    free(object);
  }
};

}  // namespace triggers::net

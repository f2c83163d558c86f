#pragma once

// Views a RocksDB slice as text, so that headers need not name the type.

#include <concepts>
#include <cstddef>
#include <string_view>

namespace triggers::store {

/// The text of a RocksDB slice, a type that headers do not name.
template <class Slice>
  requires requires(const Slice& slice) {
    { slice.data() } -> std::same_as<const char*>;
    { slice.size() } -> std::same_as<std::size_t>;
  }
[[nodiscard]] std::string_view view(const Slice& slice) {
  return {slice.data(), slice.size()};
}

}  // namespace triggers::store

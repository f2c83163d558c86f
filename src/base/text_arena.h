#pragma once

// Texts that are kept for a while and forgotten together.

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace triggers {

/// Copies texts into large blocks, so that a text costs no allocation. Not thread-safe.
class TextArena {
 public:
  /// A copy that stays where it is until clear().
  [[nodiscard]] std::string_view keep(std::string_view text) {
    if (text.empty()) return {};
    if (blocks_.empty() || text.size() > blocks_.back().size - used_) add_block(text.size());
    char* const at = blocks_.back().bytes.get() + used_;
    std::memcpy(at, text.data(), text.size());
    used_ += text.size();
    return {at, text.size()};
  }

  /// Forgets all texts. Keeps the memory of one block.
  void clear() noexcept {
    if (blocks_.size() > 1) blocks_.resize(1);
    used_ = 0;
  }

 private:
  static constexpr std::size_t block_bytes = 64 * 1024;
  struct Block {
    std::unique_ptr<char[]> bytes{};
    std::size_t size = 0;
  };

  void add_block(std::size_t needed) {
    const std::size_t size = std::max(block_bytes, needed);
    blocks_.push_back({std::make_unique_for_overwrite<char[]>(size), size});
    used_ = 0;
  }

  std::vector<Block> blocks_;
  std::size_t used_ = 0;  ///< Of the last block.
};

}  // namespace triggers

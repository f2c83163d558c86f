#pragma once

// The bytes that a session has read and not used. Parsing them is in http/wire/request_parser.h.

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

#include "base/invariant.h"

namespace triggers::http {

/// Bytes that were read and not used yet, in one piece. Small while empty, so that many connections can be idle.
class ReadBuffer {
 public:
  static constexpr std::size_t initial_bytes = 2 * 1024;

  [[nodiscard]] std::string_view unread() const noexcept { return {data_.get() + begin_, end_ - begin_}; }
  [[nodiscard]] bool empty() const noexcept { return begin_ == end_; }
  void consume(std::size_t size) noexcept {
    INVARIANT(size <= end_ - begin_, "%zu bytes are used of %zu unread ones", size, end_ - begin_);
    begin_ += size;
  }

  /// Space for more bytes after the unread ones; at least one byte if fewer than `capacity_max` are unread.
  std::span<char> space(std::size_t capacity_wanted, std::size_t capacity_max) {
    if (begin_ > 0) {
      std::memmove(data_.get(), data_.get() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    }
    if (end_ == capacity_) grow(std::min(std::max({capacity_ * 2, capacity_wanted, initial_bytes}), capacity_max));
    return {data_.get() + end_, capacity_ - end_};
  }
  void written(std::size_t size) noexcept {
    INVARIANT(size <= capacity_ - end_, "%zu bytes were read into a space of %zu", size, capacity_ - end_);
    end_ += size;
  }

  /// Gives memory back if it is empty and has grown.
  void release() noexcept {
    if (!empty() || capacity_ <= initial_bytes) return;
    data_.reset();
    begin_ = end_ = capacity_ = 0;
  }

 private:
  void grow(std::size_t capacity) {
    if (capacity <= capacity_) return;
    std::unique_ptr<char[]> grown(new char[capacity]);
    if (end_ > 0) std::memcpy(grown.get(), data_.get(), end_);
    data_ = std::move(grown);
    capacity_ = capacity;
  }

  std::unique_ptr<char[]> data_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace triggers::http

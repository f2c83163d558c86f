#pragma once

// A list whose nodes are in the objects themselves, so that joining it allocates nothing. It is for waiters.h.

#include <cstddef>

#include "base/invariant.h"

namespace triggers::store {

/// A base class of what may be in one WaiterList at a time.
class WaiterLink {
 public:
  WaiterLink() = default;
  WaiterLink(const WaiterLink&) = delete;
  WaiterLink& operator=(const WaiterLink&) = delete;

  [[nodiscard]] bool linked() const noexcept { return next_ != nullptr; }
  void unlink() noexcept {
    INVARIANT(linked(), "a waiter that is in no list leaves one");
    before_->next_ = next_;
    next_->before_ = before_;
    before_ = next_ = nullptr;
  }

 protected:
  ~WaiterLink() { INVARIANT(!linked(), "a waiter goes away while it is in a list"); }

 private:
  friend class WaiterList;
  WaiterLink* before_ = nullptr;
  WaiterLink* next_ = nullptr;
};

/// In the order of joining. Its owner has a lock.
class WaiterList {
 public:
  WaiterList() { ends_.before_ = ends_.next_ = &ends_; }
  ~WaiterList() {
    INVARIANT(empty(), "a list goes away while waiters are in it");
    ends_.before_ = ends_.next_ = nullptr;
  }

  [[nodiscard]] bool empty() const noexcept { return ends_.next_ == &ends_; }
  /// Null: it is empty.
  [[nodiscard]] WaiterLink* first() noexcept { return empty() ? nullptr : ends_.next_; }
  void push_back(WaiterLink& link) noexcept { insert(link, ends_); }
  void push_front(WaiterLink& link) noexcept { insert(link, *ends_.next_); }

 private:
  struct Ends : WaiterLink {};

  static void insert(WaiterLink& link, WaiterLink& behind) noexcept {
    INVARIANT(!link.linked(), "a waiter that is in a list joins another");
    link.next_ = &behind;
    link.before_ = behind.before_;
    behind.before_->next_ = &link;
    behind.before_ = &link;
  }

  Ends ends_;
};

}  // namespace triggers::store

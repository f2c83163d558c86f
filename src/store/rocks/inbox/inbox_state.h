#pragma once

// The counters and the head of one inbox in memory. All inboxes are in tenants.h. Pages of an inbox are read in
// read/page_reader.h; the counters' keys on disk are in format/layout.h.

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/mutex.h"
#include "event/event.h"

namespace triggers::store {

using event::EventId;

/// The state of one inbox in memory, about 200 bytes: its exact count, and its head: an id before which nothing is
/// pending.
class InboxState {
 public:
  InboxState(std::string tenant, std::string name);

  [[nodiscard]] const std::string& tenant() const noexcept { return tenant_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  /// The key of its counters, and what all its pending keys start with.
  [[nodiscard]] const std::string& meta_key() const noexcept { return meta_key_; }
  [[nodiscard]] const std::string& prefix() const noexcept { return prefix_; }

  /// Unacknowledged events, as of the last commit. Any thread.
  [[nodiscard]] std::uint64_t count() const noexcept { return count_.load(std::memory_order_acquire); }

  /// No pending id is less than this. It only grows: ids are given in commit order, so nothing can appear before it. A
  /// page that starts here skips the marks of acknowledged entries. Any thread.
  [[nodiscard]] EventId head() const;
  void raise_head(const EventId& head);

  /// The inbox as the commit that is being built leaves it, ahead of what others see.
  struct Staged {
    std::uint64_t count = 0;
    bool touched = false;            ///< By that commit.
    bool head_changed = false;       ///< It changes the oldest pending event.
    std::optional<EventId> first{};  ///< Set if it appends to an empty inbox: nothing older is pending.
  };
  /// For the committer's thread, which changes it through StagedInboxes.
  Staged staged;
  /// Publishes the staged state once the commit is durable.
  void publish();
  /// Forgets the staged state of a commit that was not written.
  void discard() noexcept;

  /// True if the oldest pending event may have changed since the last call. Any thread.
  bool take_head_changed() noexcept { return head_changed_.exchange(false, std::memory_order_acq_rel); }
  [[nodiscard]] bool head_changed() const noexcept { return head_changed_.load(std::memory_order_acquire); }

  [[nodiscard]] std::string encode_meta() const;
  /// The count in what encode_meta() made; nothing if `bytes` are not that.
  [[nodiscard]] static std::optional<std::uint64_t> decode_count(std::string_view bytes);
  /// False if `bytes` are not what encode_meta() makes.
  bool decode_meta(std::string_view bytes);

 private:
  const std::string tenant_, name_, meta_key_, prefix_;
  std::atomic<std::uint64_t> count_{0};
  std::atomic<bool> head_changed_{true};
  mutable SharedMutex head_mutex_;
  EventId head_ GUARDED_BY(head_mutex_);
};

}  // namespace triggers::store

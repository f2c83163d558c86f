#pragma once

// One inbox in memory: its counters, its head, and the index of its entries. All inboxes are in tenants.h. Pages of an
// inbox are read in read/page_reader.h; the stored counters are in format/inbox_meta.h; a start fills the index:
// restore.h.

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/mutex.h"
#include "event/event.h"
#include "inbox/entry_index.h"
#include "inbox/transitions.h"

namespace triggers::store {

using event::EventId;

/// The state of one inbox in memory: its exact counts, and its head: an id before which nothing is pending. About 400
/// bytes, and an index from its first lease on.
class InboxState {
 public:
  InboxState(std::string tenant, std::string name);

  [[nodiscard]] const std::string& tenant() const noexcept { return tenant_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  /// The key of its counters, and what all keys of its entries start with.
  [[nodiscard]] const std::string& meta_key() const noexcept { return meta_key_; }
  [[nodiscard]] const std::string& prefix() const noexcept { return prefix_; }

  /// Undelivered entries, as of the last commit. Any thread.
  [[nodiscard]] std::uint64_t count() const noexcept { return count_.load(std::memory_order_acquire); }

  /// What the last commit left.
  struct View {
    inbox::Counts counts{};
    std::optional<UnixMillis> last_consumed_at{};  ///< Of the last lease or acknowledgement.
    std::optional<EventId> oldest_back{};          ///< The oldest available entry that was leased before.
    EventId fresh_after{};                         ///< Pending entries behind it, and only these, were never leased.
    std::optional<UnixMillis> next_due{};          ///< When a lease or delay ends next; 0: at once.
    std::optional<UnixMillis> next_expiry{};       ///< When a dead entry's retention ends next.
    std::uint64_t tracked = 0;                     ///< Entries that are in memory.
  };
  /// Any thread.
  [[nodiscard]] View view() const;
  /// False: no entry was ever leased, as of the last commit. Any thread.
  [[nodiscard]] bool was_leased_from() const noexcept { return has_counts_.load(std::memory_order_acquire); }

  /// No pending id is less than `id`. A page that starts there skips the marks of acknowledged entries. It grows, and
  /// falls only when an entry comes back that is older: `lowered` counts how often it did.
  struct Head {
    EventId id{};
    std::uint64_t lowered = 0;
  };
  /// Any thread. An entry that comes back lowers the head before it is written. So a reader that takes a snapshot, and
  /// finds afterwards that `lowered` has not changed, misses nothing before the head.
  [[nodiscard]] Head head() const;
  /// Does nothing if the head was lowered since `lowered` was read: what the caller has found is out of date.
  void raise_head(const EventId& id, std::uint64_t lowered);
  /// Call it before the entry with this id is written. Until publish() or discard() nobody can raise the head: a reader
  /// may have looked after this call and before the write. For the committer's thread.
  void lower_head(const EventId& id);

  /// The inbox as the commit that is being built leaves it, ahead of what others see.
  struct Staged {
    std::uint64_t count = 0;
    std::optional<UnixMillis> last_consumed_at{};
    bool touched = false;            ///< By that commit.
    bool head_changed = false;       ///< It changes the oldest pending event.
    bool gained = false;             ///< Entries become available that were not before, even if there are not more.
    std::optional<EventId> first{};  ///< Set if it appends to an empty inbox: nothing older is pending.
  };
  /// For the committer's thread, which changes it through StagedInboxes.
  Staged staged;
  /// Publishes the staged state once the commit is durable. True: entries are available that were not before.
  bool publish();
  /// Forgets the staged state of a commit that was not written.
  void discard() noexcept;

  // The index. For the committer's thread, or a start before it.

  /// Null until the first lease: then every pending entry was never leased.
  [[nodiscard]] inbox::EntryIndex* index() const noexcept { return index_.get(); }
  /// For an inbox without an index. It has the staged count, and no entry of its own yet.
  inbox::EntryIndex& make_index(const inbox::Rules& rules);
  void drop_index() noexcept { index_.reset(); }
  /// An empty index for a start, which restores the entries into it. Then call set_restored().
  inbox::EntryIndex& index_to_restore(const inbox::Rules& rules);
  Status set_restored(const inbox::Rules& rules);
  /// Every entry that is not behind it has a record.
  [[nodiscard]] const EventId& fresh_after() const noexcept;

  /// Readers that wait for entries: watched_inboxes.h. Any thread. A reader adds itself before it looks, and the
  /// committer asks after a change is visible, with a fence between: one of the two sees the other.
  void add_watcher() noexcept {
    watchers_.fetch_add(1);
    std::atomic_thread_fence(std::memory_order_seq_cst);
  }
  void remove_watcher() noexcept { watchers_.fetch_sub(1); }
  [[nodiscard]] bool watched() const noexcept { return watchers_.load() > 0; }
  /// Available entries. For the committer's thread.
  [[nodiscard]] std::size_t available() const noexcept;
  /// Entries that are in memory, because they are not fresh. For the committer's thread.
  [[nodiscard]] std::uint64_t tracked() const noexcept;

  /// True if the oldest pending event may have changed since the last call. Any thread.
  bool take_head_changed() noexcept { return head_changed_.exchange(false, std::memory_order_acq_rel); }
  [[nodiscard]] bool head_changed() const noexcept { return head_changed_.load(std::memory_order_acquire); }

  [[nodiscard]] std::string encode_meta() const;
  /// The count in what encode_meta() made; nothing if `bytes` are not that.
  [[nodiscard]] static std::optional<std::uint64_t> decode_count(std::string_view bytes);
  /// For a start. False if `bytes` are not what encode_meta() makes.
  bool decode_meta(std::string_view bytes);

 private:
  void publish_view();
  void release_head();

  const std::string tenant_, name_, meta_key_, prefix_;
  std::atomic<std::uint64_t> count_{0};
  std::atomic<bool> head_changed_{true};
  std::atomic<std::size_t> watchers_{0};
  mutable SharedMutex mutex_;
  Head head_ GUARDED_BY(mutex_);
  bool head_is_held_ GUARDED_BY(mutex_) = false;
  View view_ GUARDED_BY(mutex_);  ///< Without an index, its counts are not used.
  std::atomic<bool> has_counts_{false};
  // Of the committer's thread:
  std::size_t available_before_ = 0;
  bool has_lowered_head_ = false;  ///< In this commit.
  std::unique_ptr<inbox::EntryIndex> index_;
  EventId stored_fresh_after_;     ///< Counts while there is no index.
  std::uint64_t stored_dead_ = 0;  ///< Of a start.
};

}  // namespace triggers::store

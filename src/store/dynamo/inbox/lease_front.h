#pragma once

// How far an inbox was leased, as one node knows it, so that a lease does not read what is leased or has left. No calls
// in here; how it is stored is in inbox_node.h.

#include <chrono>
#include <cstddef>
#include <optional>
#include <set>
#include <vector>

#include "base/mutex.h"
#include "event/event.h"

namespace triggers::store::dynamo {

using event::EventId;

/// The *front* of an inbox: of the entries with ids up to it, none is *fresh*, i.e. available and without a record.
///
/// An entry may become visible after entries with larger ids, until its id is settled (decision 22). So a scan for
/// fresh entries begins now and then at the *settled* front, before which nothing can appear. Entries that this node
/// accepts are never missed in between. Any thread.
class LeaseFront {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// `look_back_every`: so late may an entry be found that another node has accepted out of order.
  explicit LeaseFront(std::chrono::milliseconds look_back_every) : look_back_every_(look_back_every) {}

  /// One scan for fresh entries. At most one thread uses it. It gives back what it has reserved.
  class Scan {
   public:
    Scan(LeaseFront& front, TimePoint now) : front_(front) { front.begin(*this, now); }
    Scan(const Scan&) = delete;
    Scan& operator=(const Scan&) = delete;
    ~Scan() { front_.end(*this); }

    /// Where to begin: the first id that may be fresh is behind it.
    [[nodiscard]] const EventId& after() const noexcept { return after_; }
    /// An entry that is already known not to be fresh; no record must be read for it.
    [[nodiscard]] bool knows(const EventId& id) const { return front_.knows(id); }
    /// True if the record of an entry should be read before it is written, because others lease here too.
    [[nodiscard]] bool looks_first(const EventId& id) const { return front_.looks_first(*this, id); }
    /// Takes an entry for this scan. False: another lease of this node is about to take it.
    [[nodiscard]] bool reserve(const EventId& id) { return front_.reserve(*this, id); }
    /// The entry has a record, or is gone.
    void not_fresh(const EventId& id) { front_.not_fresh(id); }
    /// The entry is fresh, and is left to a later scan.
    void left(const EventId& id) { front_.left(id); }
    /// Another node was first with a record.
    void met_another_node(TimePoint now) { front_.met_another_node(now); }
    /// No entry behind after() and up to `to` is fresh; `settled`: when the scan began.
    void passed(const EventId& to, const EventId& settled) { front_.passed(*this, to, settled); }

   private:
    friend class LeaseFront;
    LeaseFront& front_;
    EventId after_{};
    EventId scanned_to_{};  // When the scan began.
    bool looks_back_ = false, shares_ = false;
    std::set<EventId> reserved_{};
  };

  /// This node has accepted the entry.
  void accepted(const EventId& id);
  /// Another node has stored this settled front.
  void advance(const EventId& settled);
  /// Nothing up to it is fresh, whoever looks.
  [[nodiscard]] EventId settled() const;

 private:
  void begin(Scan& scan, TimePoint now);
  void end(Scan& scan) noexcept;
  bool reserve(Scan& scan, const EventId& id);
  [[nodiscard]] bool knows(const EventId& id) const;
  [[nodiscard]] bool looks_first(const Scan& scan, const EventId& id) const;
  void not_fresh(const EventId& id);
  void left(const EventId& id);
  void met_another_node(TimePoint now);
  void passed(const Scan& scan, EventId to, const EventId& settled);

  const std::chrono::milliseconds look_back_every_;
  mutable Mutex mutex_;
  EventId settled_ GUARDED_BY(mutex_){};
  EventId scanned_to_ GUARDED_BY(mutex_){};           ///< At least settled_.
  std::set<EventId> known_ GUARDED_BY(mutex_);        ///< Behind settled_, not fresh; some of them.
  std::set<EventId> reserved_ GUARDED_BY(mutex_);     ///< By the scans that run.
  std::vector<EventId> accepted_ GUARDED_BY(mutex_);  ///< While scans run.
  std::size_t scans_ GUARDED_BY(mutex_) = 0;
  std::optional<TimePoint> looked_back_at_ GUARDED_BY(mutex_);
  std::optional<TimePoint> met_another_at_ GUARDED_BY(mutex_);
};

/// The id before this one in order; the first id has none, and gets itself.
[[nodiscard]] EventId id_before(EventId id) noexcept;

}  // namespace triggers::store::dynamo

#pragma once

// Which events some inbox still holds: a change of a count, and its consequence for the log. The bytes are in
// format/holding.h; the sweep of freed events is in commit/sweep_stage.h.

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "event/event.h"
#include "store/rocks/database/database.h"
#include "store/rocks/format/holding.h"

namespace triggers::store {

/// How an entry leaves its inbox.
enum class Leaving : std::uint8_t {
  acknowledged_in_default,  ///< The caller puts `delivered`, which says when.
  otherwise,
};

/// How many inboxes hold each event, in the commit that is being built. An event lives until event_ttl after the last
/// inbox has lost it, or after its acceptance if no inbox took it. For the committer's thread.
class Holders {
 public:
  /// The others outlive this.
  Holders(Database& database, rocksdb::WriteBatch& batch) : database_(database), batch_(batch) {}

  /// Begins a new commit at the time `now`.
  void begin(UnixMillis now) noexcept;

  /// A new event came into so many inboxes. Need not be called if it came into `default` alone.
  void accepted(const std::string& tenant, const event::EventId& id, std::uint64_t count);
  /// An inbox has lost its entry of the event. An Error if what is stored cannot be read.
  [[nodiscard]] Status left(const std::string& tenant, const event::EventId& id, Leaving how);
  /// The same, for an entry that no consumer has removed. If what is stored cannot be read, which is noted as damage,
  /// the log keeps the event, and everything else goes on.
  void left_by_itself(const std::string& tenant, const event::EventId& id);
  /// An inbox gets an entry of the event again. `before`: how the event was held until then, which the log still has.
  void entered(const std::string& tenant, const event::EventId& id, Holding before);
  /// As this commit leaves it. Nothing: see Holding.
  [[nodiscard]] Result<std::optional<Holding>> find(const std::string& event_key);
  /// This commit has changed it, and with it the event's expiry entry.
  [[nodiscard]] bool is_changed(const std::string& event_key) const { return staged_.contains(event_key); }
  /// The event is removed from the log. `is_stored`: it has a record.
  void erase(const std::string& event_key, bool is_stored);
  /// This commit removes the event from the log.
  [[nodiscard]] bool is_erased(const std::string& event_key) const;

  /// keep() confirms what was changed so far; undo() forgets what was changed since the last keep(), except in the
  /// batch.
  void keep() noexcept { undo_.clear(); }
  void undo() noexcept;

  /// Reads of the store since begin().
  [[nodiscard]] std::size_t reads() const noexcept { return reads_; }

 private:
  struct Undo {
    std::string key;
    bool was_staged;
    std::optional<Holding> before;
  };
  /// Nothing: the event is removed.
  void stage(const std::string& key, std::optional<Holding> holding);

  Database& database_;
  rocksdb::WriteBatch& batch_;
  UnixMillis now_{};
  boost::unordered_flat_map<std::string, std::optional<Holding>> staged_;  ///< By the event's key. Nothing: removed.
  std::vector<Undo> undo_;
  std::size_t reads_ = 0;
};

/// As the last commit left it. Any thread. Errors: `internal`, noted as damage.
[[nodiscard]] Result<std::optional<Holding>> read_holding(Database& database, const std::string& event_key);

}  // namespace triggers::store

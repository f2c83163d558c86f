#pragma once

// Finds duplicates by idempotency key. Events without a key are compared by content: content_index.h. This class also
// writes and reads the values by which it finds them; the bytes of their keys are in format/layout.h.

#include <boost/unordered/unordered_flat_map.hpp>
#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "store/rocks/commit/compared_event.h"
#include "store/rocks/commit/digest_cache.h"
#include "store/rocks/commit/operation.h"
#include "store/rocks/database/database.h"
#include "store/rocks/format/layout.h"

namespace triggers::store {

/// Finds the earlier event that had the same idempotency key, among the stored events of the window and those of the
/// batch that is being built. An event costs one look-up and, if its key was seen, one read of a stored event and a
/// digest of both texts. A stored event is read and hashed once for all events with its key, because a client may
/// repeat a small event with the key of a large one.
///
/// For the committer's thread.
class ReplayIndex {
 public:
  ReplayIndex(Database& database, const layout::HashSeed& seed, std::chrono::seconds window, DigestCache& digests)
      : database_(database), seed_(seed), window_(window), stored_digests_(digests) {}

  /// Begins a new batch and forgets everything added before.
  void begin(UnixMillis now);

  struct Seen {
    std::optional<Appended> answer;  ///< Set if the key was seen: a duplicate of the first event, or a mismatch.
    std::optional<Undecided> undecided{};
  };
  /// `key` is the event's entry_key(). An Error if a record that it needs cannot be read.
  Result<Seen> find(const std::string& key, const std::string& tenant, ComparedEvent& incoming);
  [[nodiscard]] std::string entry_key(const std::string& tenant, std::string_view client_key) const {
    return layout::idempotency_key(seed_, tenant, client_key);
  }
  /// Notes that the event was accepted under `id`. Its text must live until the next begin().
  void add(std::string key, const IncomingEvent& event, const EventId& id, rocksdb::WriteBatch& batch);

  /// keep() confirms what add() noted so far; undo() forgets what was noted since the last keep(). What add() put into
  /// the batch stays there: the committer removes it.
  void keep() noexcept { kept_ = added_.size(); }
  void undo() noexcept;

  /// Reads of the store since begin().
  [[nodiscard]] std::size_t reads() const noexcept { return reads_; }

 private:
  struct Added {
    std::string key;
    EventId id;
    const IncomingEvent* event;
    std::optional<ContentDigest> digest{};
  };

  Result<Seen> find_stored(const std::string& key, const std::string& tenant, ComparedEvent& incoming);

  Database& database_;
  const layout::HashSeed seed_;
  const std::chrono::seconds window_;
  DigestCache& stored_digests_;
  UnixMillis now_{};
  std::deque<Added> added_;  ///< A deque, because `by_key_` views its keys.
  boost::unordered_flat_map<std::string_view, Added*> by_key_;
  std::size_t kept_ = 0;
  std::size_t reads_ = 0;
};

}  // namespace triggers::store

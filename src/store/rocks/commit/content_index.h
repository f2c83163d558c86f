#pragma once

// Finds duplicates by content. An event with an idempotency key is compared by its key instead (replay_index.h), but
// its content is noted here too. The bytes of an entry are in format/dedup_entry.h.

#include <boost/unordered/unordered_flat_map.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "store/rocks/commit/compared_event.h"
#include "store/rocks/commit/digest_cache.h"
#include "store/rocks/commit/operation.h"
#include "store/rocks/database/database.h"
#include "store/rocks/format/dedup_entry.h"
#include "store/rocks/format/layout.h"
#include "store/rocks/inbox/inboxes.h"

namespace triggers::store {

/// Finds the earlier event of the same content, among the stored events of the window and those of the batch that is
/// being built. The cost of an event is bounded, whatever came before: two look-ups, one read of a stored event, and a
/// digest of both texts.
///
/// The entry of a fingerprint names one content. If another content has the same fingerprint, its entry is under its
/// digest. So the second look-up finds it, however many contents share the fingerprint.
///
/// For the committer's thread.
class ContentIndex {
 public:
  ContentIndex(Database& database, const layout::HashSeed& seed, std::chrono::seconds window, DigestCache& digests)
      : database_(database), seed_(seed), window_(window), stored_digests_(digests) {}

  /// Begins a new batch and forgets everything found and added before.
  void begin(UnixMillis now);

  /// What find() found: an equal event, or the slots in which add() notes a new one. Valid until the next begin().
  struct Lookup {
    std::optional<EventId> equal;  ///< The first event of the same content.
    std::size_t by_fingerprint = 0;
    std::optional<std::size_t> by_digest{};  ///< Set: the fingerprint's entry names another content.
    std::optional<Undecided> undecided{};    ///< Set: find() needs a digest first. Ignore the rest.
  };
  /// An Error if a record that it needs cannot be read.
  Result<Lookup> find(const Inbox& inbox, ComparedEvent& incoming);
  /// Notes that the event was accepted under `id`. Its text must live until the next begin().
  void add(const Lookup& lookup, const IncomingEvent& event, const EventId& id);

  /// keep() confirms what add() noted so far; undo() forgets what was noted since the last keep().
  void keep() noexcept { undo_.clear(); }
  void undo() noexcept;

  /// Puts the entries that have changed.
  void put(rocksdb::WriteBatch& batch);

  /// Reads of the store since begin(): entries, and events that were compared.
  [[nodiscard]] std::size_t reads() const noexcept { return reads_; }

 private:
  struct Key {
    const Inbox* inbox;
    event::Fingerprint fingerprint;
    bool operator==(const Key&) const = default;
    friend std::size_t hash_value(const Key& key) {
      return key.fingerprint.low ^ reinterpret_cast<std::uintptr_t>(key.inbox);
    }
  };
  /// An entry as the batch leaves it.
  struct Slot {
    std::string key;
    DedupEntry entry;
    const IncomingEvent* text = nullptr;  ///< An event of this batch that has the content of `entry.first`.
    std::optional<ContentDigest> digest{};
    bool changed = false;
  };
  struct Undo {
    std::size_t slot;
    DedupEntry entry;
    const IncomingEvent* text;
    bool changed;
  };

  Result<std::size_t> by_fingerprint(const Inbox& inbox, const event::Fingerprint& fingerprint);
  Result<std::size_t> by_digest(const Inbox& inbox, const ContentDigest& digest);
  Result<std::size_t> load(std::string key);
  /// Whether the contents are equal. Nothing: this needs a digest that the budget does not allow.
  using Same = std::optional<bool>;
  Result<Same> has_content_of(const Inbox& inbox, Slot& slot, ComparedEvent& incoming);
  /// Compares with the stored event of `slot`, which is then known by its digest. If that event no longer exists, the
  /// slot is free.
  Result<Same> stored_is_same(const Inbox& inbox, Slot& slot, ComparedEvent& incoming);
  void change(std::size_t slot);

  Database& database_;
  const layout::HashSeed seed_;
  const std::chrono::seconds window_;
  UnixMillis now_{};
  std::vector<Slot> slots_;
  boost::unordered_flat_map<Key, std::size_t> fingerprints_;
  boost::unordered_flat_map<std::string, std::size_t> digests_;  ///< By the entry's key.
  std::vector<Undo> undo_;
  DigestCache& stored_digests_;
  std::size_t reads_ = 0;
};

}  // namespace triggers::store

// The second half of a repair: rebuild() makes indexes and counters agree with the events that could be read, and
// counts what there is for the report. Copying the readable files is in repair.cc.

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <map>
#include <span>

#include "base/random.h"
#include "inbox/record_codec.h"
#include "store/inbox_name.h"
#include "store/rocks/format/event_record.h"
#include "store/rocks/format/holding.h"
#include "store/rocks/format/inbox_meta.h"
#include "store/rocks/format/layout.h"
#include "store/rocks/format/pending_value.h"
#include "store/rocks/format/slice_view.h"
#include "store/rocks/repair/repair.h"
#include "store/rocks/repair/repair_inboxes.h"
#include "store/rocks/repair/repair_indexes.h"

namespace triggers::store {
namespace {

constexpr std::size_t id_bytes = 16;
constexpr std::size_t batch_bytes_max = 4 * 1024 * 1024;

rocksdb::Slice slice(std::string_view text) { return {text.data(), text.size()}; }

/// The tenant in a key that is a name and an id; nothing in another key.
std::optional<std::string> tenant_of(std::string_view key) {
  if (key.size() <= 1 + id_bytes) return std::nullopt;
  const std::size_t name = static_cast<unsigned char>(key.front());
  if (key.size() != 1 + name + id_bytes) return std::nullopt;
  return std::string{key.substr(1, name)};
}

/// One walk over the events decides where each belongs.
class Rebuild {
 public:
  Rebuild(rocksdb::DB& db, const std::vector<rocksdb::ColumnFamilyHandle*>& families, RepairReport& report)
      : db_(db), families_(families), report_(report), known_(db, families) {}

  Status run() {
    if (auto found = known_.find(batch_, report_); !found) return found;
    if (auto written = write(0); !written) return written;
    if (auto walked = each(Family::entries, [this](auto key, auto value) { see_entry(key, value); }); !walked) {
      return walked;
    }
    if (auto walked = each(Family::events, [this](auto key, auto value) { see_event(key, value); }); !walked) {
      return walked;
    }
    if (unreadable_ > 0) {
      report_.losses.push_back(std::to_string(unreadable_) + " events' records cannot be read");
    }
    if (auto walked = each(Family::pending, [this](auto key, auto) { see_pending(key); }); !walked) return walked;
    if (without_event_ > 0) {
      report_.losses.push_back(std::to_string(without_event_) +
                               " entries of inboxes are left out: their events are not there");
    }
    if (lost_by_named_ > 0) {
      report_.losses.push_back(std::to_string(lost_by_named_) +
                               " entries of inboxes other than `default` are lost; their events are there. To put "
                               "events into an inbox again, start the server and have it replay them: `triggers "
                               "inboxes replay`");
    }
    if (auto walked = each(Family::keys, [this](auto key, auto) { report_.keys += key.starts_with("k/"); }); !walked) {
      return walked;
    }
    put_counters();
    known_.put_lost(batch_, last_id_.time(), report_);
    if (auto ended = known_.end_jobs(batch_, last_id_.time(), report_); !ended) return ended;
    put_randoms();
    return write(0);
  }

 private:
  [[nodiscard]] rocksdb::ColumnFamilyHandle* family(Family name) const {
    return families_[static_cast<std::size_t>(name)];
  }

  template <class Take>
  Status each(Family name, const Take& take) {
    const std::unique_ptr<rocksdb::Iterator> iterator(db_.NewIterator({}, family(name)));
    for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) {
      take(view(iterator->key()), view(iterator->value()));
      if (auto written = write(batch_bytes_max); !written) return written;
    }
    if (!iterator->status().ok()) return Error{ErrorCode::unavailable, iterator->status().ToString()};
    return write(0);  // The next walk reads it.
  }

  [[nodiscard]] bool has(Family name, std::string_view key) {
    return db_.Get({}, family(name), slice(key), &value_).ok();
  }

  /// The record of an entry that was leased, delayed, dead or put again, of any inbox.
  void see_entry(std::string_view key, std::string_view value) {
    const auto event = event_of_entry(key);
    const auto record = inbox::decode_record(value);
    if (!event || !record || !record->entry) {
      report_.losses.emplace_back("the record of a leased, delayed or dead entry cannot be read");
      batch_.Delete(family(Family::entries), slice(key));
      return;
    }
    const bool is_dead = record->entry->state == inbox::EntryState::dead;
    const bool is_pending = has(Family::pending, key);
    const auto id = EventId::from_bytes(key.substr(key.size() - id_bytes));
    const bool in_default = key == layout::pending_key(*tenant_of(*event), default_inbox, id);
    const bool was_acknowledged = has(Family::traces, key) || (in_default && has(Family::acknowledged, *event));
    const bool has_left = was_acknowledged && !is_pending && !is_dead;
    const bool is_lost = !has(Family::events, *event);
    // One in `pending` is counted there.
    if (is_lost && !has_left && !is_pending) ++without_event_;
    if (has_left || is_lost) {
      batch_.Delete(family(Family::entries), slice(key));
      return;
    }
    Inbox& inbox = inboxes_[meta_key_of_entry(key)];
    inbox.newest_record = std::max(inbox.newest_record, id);
    if (is_dead && !is_pending) {
      ++inbox.meta.dead;
    } else if (is_dead) {
      // One of the two was lost. Handed out once more is better than lost.
      put_available(key);
    } else if (!is_pending) {
      put_pending(key, value_);  // Which has(Family::events) has read.
      ++report_.made_unacknowledged_again;
    }
  }

  void put_available(std::string_view key) {
    batch_.Put(family(Family::entries), slice(key), inbox::encode_record(inbox::Record::fresh()));
  }

  /// `event`: its record.
  void put_pending(std::string_view key, std::string_view event) {
    const auto record = decode_record(event);
    if (!record) return;  // see_event() reports it.
    std::string entry;
    append_pending_value(entry, {.again = true, .record_bytes = event.size(), .event_type = record->event_type});
    batch_.Put(family(Family::pending), slice(key), entry);
  }

  void see_event(std::string_view key, std::string_view value) {
    const auto tenant = tenant_of(key);
    const auto record = decode_record(value);
    if (!tenant || !record) {
      ++unreadable_;
      return;
    }
    ++report_.events;
    const auto id = EventId::from_bytes(key.substr(key.size() - id_bytes));
    last_id_ = std::max(last_id_, id);
    const std::string pending = layout::pending_key(*tenant, default_inbox, id);
    if (has(Family::holders, key)) return see_held(key, value, *tenant, decode_holding(value_));
    // What says how many inboxes hold it may be lost.
    if (is_in_named_inbox(*tenant, id)) return see_held(key, value, *tenant, std::nullopt);
    if (has(Family::acknowledged, key)) {
      ++report_.acknowledged;
      if (has(Family::pending, pending)) batch_.Delete(family(Family::pending), pending);
      if (has(Family::entries, pending)) batch_.Delete(family(Family::entries), pending);
      return;
    }
    ++report_.unacknowledged;
    // Without a pending entry, a record is that of a dead one: see_entry().
    if (has(Family::pending, pending) || has(Family::entries, pending)) return;
    ++report_.made_unacknowledged_again;
    put_pending(pending, value);
  }

  /// An event that was not always in `default` alone. `stored`: what says how many inboxes hold it, if it can be read.
  void see_held(std::string_view key, std::string_view value, const std::string& tenant,
                const std::optional<Holding>& stored) {
    const auto id = EventId::from_bytes(key.substr(key.size() - id_bytes));
    const std::string in_default = layout::pending_key(tenant, default_inbox, id);
    const bool was_acknowledged = has(Family::acknowledged, key);
    if (was_acknowledged) {
      if (has(Family::pending, in_default)) batch_.Delete(family(Family::pending), in_default);
      if (has(Family::entries, in_default)) batch_.Delete(family(Family::entries), in_default);
    }
    std::uint64_t count = 0;
    for (const std::string& place : known_.places_of(tenant)) {
      const std::string entry = layout::pending_key(tenant, place, id);
      if (was_acknowledged && entry == in_default) continue;
      count += is_in(entry) ? 1 : 0;
    }
    Holding holding = stored.value_or(Holding{.count = 1});
    // Entries of some inboxes were lost. Handed out once more by `default` is better than lost.
    const bool lost_by_default = count < holding.count && !was_acknowledged && !is_in(in_default);
    if (lost_by_default || (count == 0 && holding.count > 0)) {
      ++report_.made_unacknowledged_again;
      batch_.Delete(family(Family::acknowledged), slice(key));
      put_pending(in_default, value);
      ++count;
    }
    if (count < holding.count) lost_by_named_ += holding.count - count;
    if (count > 0) {
      ++report_.unacknowledged;
      holding = {.count = count};
    } else {
      ++report_.acknowledged;
      const std::string expiry = layout::expiry_key(holding.freed_at, tenant, id);
      if (!has(Family::expiry, expiry)) batch_.Put(family(Family::expiry), expiry, rocksdb::Slice());
    }
    batch_.Put(family(Family::holders), slice(key), encode_holding(holding));
  }

  /// `entry`: the key of an entry.
  [[nodiscard]] bool is_in(std::string_view entry) {
    return has(Family::pending, entry) || has(Family::entries, entry);
  }
  [[nodiscard]] bool is_in_named_inbox(const std::string& tenant, const EventId& id) {
    return std::ranges::any_of(known_.places_of(tenant), [&](const std::string& place) {
      return place != layout::inbox_place(0) && is_in(layout::pending_key(tenant, place, id));
    });
  }

  /// The key of the event that a key of `pending`, `entries` or `traces` names; nothing if it is no such key.
  static std::optional<std::string> event_of_entry(std::string_view key) {
    const std::size_t tenant = static_cast<unsigned char>(key.empty() ? '\0' : key.front());
    if (key.size() <= 1 + tenant + 1 + id_bytes) return std::nullopt;
    return std::string{key.substr(0, 1 + tenant)} + std::string{key.substr(key.size() - id_bytes)};
  }

  static std::string meta_key_of_entry(std::string_view key) {
    return std::string{layout::inbox_meta_prefix} + std::string{key.substr(0, key.size() - id_bytes)};
  }

  /// An entry without its event would be counted, but be on no page.
  void see_pending(std::string_view key) {
    const auto event = event_of_entry(key);
    if (!event || !has(Family::events, *event)) {
      ++without_event_;
      batch_.Delete(family(Family::pending), slice(key));
      return;
    }
    Inbox& inbox = inboxes_[meta_key_of_entry(key)];
    ++inbox.meta.count;
    // An index takes entries without a record for newer than those with one.
    const bool may_need_record = EventId::from_bytes(key.substr(key.size() - id_bytes)) <= inbox.newest_record;
    if (may_need_record && !has(Family::entries, key)) put_available(key);
  }

  void put_counters() {
    auto* const meta = family(Family::meta);
    const std::unique_ptr<rocksdb::Iterator> iterator(db_.NewIterator({}, meta));
    for (iterator->Seek(std::string{layout::inbox_meta_prefix}); iterator->Valid(); iterator->Next()) {
      if (!view(iterator->key()).starts_with(layout::inbox_meta_prefix)) break;
      inboxes_.try_emplace(iterator->key().ToString());
    }
    // Head and fresh_after are hints: both begin at the start.
    for (const auto& [key, inbox] : inboxes_) batch_.Put(meta, key, encode_inbox_meta(inbox.meta));
    batch_.Delete(meta, slice(layout::stored_bytes_kept_key));  // A start that needs them counts again.
    if (has(Family::meta, layout::last_id_key) && value_.size() == id_bytes) {
      last_id_ = std::max(last_id_, EventId::from_bytes(value_));
    }
    batch_.Put(meta, slice(layout::last_id_key), slice(last_id_.view()));
  }

  /// Random values that a store makes once. They mean nothing outside of it, so a lost one is replaced.
  void put_randoms() {
    auto* const meta = family(Family::meta);
    if (!has(Family::meta, layout::shared_secret_key)) {
      batch_.Put(meta, slice(layout::shared_secret_key), random_bytes(layout::shared_secret_bytes));
      report_.losses.emplace_back("the secret that signs cursors is made anew: cursors from before are refused");
    }
    if (has(Family::meta, layout::hash_seed_key) && value_.size() == layout::hash_seed_bytes) return;
    batch_.Put(meta, slice(layout::hash_seed_key), random_bytes(layout::hash_seed_bytes));
    report_.losses.emplace_back(
        "the seed of the hashes is made anew: within the windows, an event that was accepted before may be accepted "
        "again");
  }

  static std::string random_bytes(std::size_t size) {
    std::string bytes(size, '\0');
    fill_random(std::as_writable_bytes(std::span(bytes)));
    return bytes;
  }

  Status write(std::size_t more_than) {
    if (batch_.GetDataSize() <= more_than) return Done{};
    rocksdb::WriteOptions options;
    options.disableWAL = true;
    const auto status = db_.Write(options, &batch_);
    batch_.Clear();
    if (!status.ok()) return Error{ErrorCode::unavailable, status.ToString()};
    return Done{};
  }

  rocksdb::DB& db_;
  const std::vector<rocksdb::ColumnFamilyHandle*>& families_;
  RepairReport& report_;
  KnownInboxes known_;
  rocksdb::WriteBatch batch_;
  struct Inbox {
    InboxMeta meta{};
    EventId newest_record{};  ///< In `entries`.
  };
  std::map<std::string, Inbox> inboxes_;  ///< By the key of their counters.
  EventId last_id_;
  std::uint64_t unreadable_ = 0;     ///< Records of events.
  std::uint64_t without_event_ = 0;  ///< Entries of inboxes.
  std::uint64_t lost_by_named_ = 0;  ///< Entries of inboxes other than `default`, whose events are there.
  std::string value_;
};

}  // namespace

Status rebuild(rocksdb::DB& db, const std::vector<rocksdb::ColumnFamilyHandle*>& families, RepairReport& report) {
  if (auto rebuilt = rebuild_expiry(db, families, report); !rebuilt) return rebuilt;
  if (auto rebuilt = Rebuild(db, families, report).run(); !rebuilt) return rebuilt;
  return drop_lost_duplicates(db, families, report);
}

}  // namespace triggers::store

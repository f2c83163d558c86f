// The second half of a repair: rebuild() makes indexes and counters agree with the events that could be read, and
// counts what there is for the report. Copying the readable files is in repair.cc.

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <map>
#include <span>

#include "base/random.h"
#include "store/inbox_name.h"
#include "store/rocks/format/event_record.h"
#include "store/rocks/format/inbox_meta.h"
#include "store/rocks/format/layout.h"
#include "store/rocks/format/pending_value.h"
#include "store/rocks/format/slice_view.h"
#include "store/rocks/repair/repair.h"
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
      : db_(db), families_(families), report_(report) {}

  Status run() {
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
    if (auto walked = each(Family::keys, [this](auto key, auto) { report_.keys += key.starts_with("k/"); }); !walked) {
      return walked;
    }
    put_counters();
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
    return Done{};
  }

  [[nodiscard]] bool has(Family name, std::string_view key) {
    return db_.Get({}, family(name), slice(key), &value_).ok();
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
    if (has(Family::acknowledged, key)) {
      ++report_.acknowledged;
      if (has(Family::pending, pending)) batch_.Delete(family(Family::pending), pending);
      return;
    }
    ++report_.unacknowledged;
    ++counts_[layout::inbox_meta_key(*tenant, default_inbox)];
    if (has(Family::pending, pending)) return;
    ++report_.made_unacknowledged_again;
    std::string entry;
    append_pending_value(entry, {.again = true, .record_bytes = value.size(), .event_type = record->event_type});
    batch_.Put(family(Family::pending), pending, entry);
  }

  /// An entry without its event would be counted, but be on no page.
  void see_pending(std::string_view key) {
    const std::size_t tenant = static_cast<unsigned char>(key.empty() ? '\0' : key.front());
    const bool is_key = key.size() > 1 + tenant + 1 + id_bytes;
    const std::string event =
        is_key ? std::string{key.substr(0, 1 + tenant)} + std::string{key.substr(key.size() - id_bytes)}
               : std::string{};
    if (is_key && has(Family::events, event)) return;
    ++without_event_;
    batch_.Delete(family(Family::pending), slice(key));
  }

  void put_counters() {
    auto* const meta = family(Family::meta);
    const std::unique_ptr<rocksdb::Iterator> iterator(db_.NewIterator({}, meta));
    for (iterator->Seek(std::string{layout::inbox_meta_prefix}); iterator->Valid(); iterator->Next()) {
      if (!view(iterator->key()).starts_with(layout::inbox_meta_prefix)) break;
      counts_.try_emplace(iterator->key().ToString(), 0);
    }
    // From the start: a head is a hint.
    for (const auto& [key, count] : counts_) batch_.Put(meta, key, encode_inbox_meta({.count = count}));
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
  rocksdb::WriteBatch batch_;
  std::map<std::string, std::uint64_t> counts_;
  EventId last_id_;
  std::uint64_t unreadable_ = 0;     ///< Records of events.
  std::uint64_t without_event_ = 0;  ///< Entries of inboxes.
  std::string value_;
};

}  // namespace

Status rebuild(rocksdb::DB& db, const std::vector<rocksdb::ColumnFamilyHandle*>& families, RepairReport& report) {
  if (auto rebuilt = rebuild_expiry(db, families, report); !rebuilt) return rebuilt;
  if (auto rebuilt = Rebuild(db, families, report).run(); !rebuilt) return rebuilt;
  return drop_lost_duplicates(db, families, report);
}

}  // namespace triggers::store

#include "store/rocks/inbox/restore.h"

#include <rocksdb/db.h>
#include <rocksdb/iterator.h>

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "inbox/record_codec.h"
#include "store/rocks/format/layout.h"
#include "store/rocks/format/slice_view.h"

namespace triggers::store {
namespace {

constexpr std::size_t readahead_bytes = 2 * 1024 * 1024;

struct InboxToRestore {
  InboxState* state;
  inbox::Rules rules;
};

/// All inboxes of a store, also those that were removed and still have entries.
std::vector<InboxToRestore> all_inboxes(const Tenants& tenants) {
  std::vector<InboxToRestore> all;
  const auto inboxes = tenants.inboxes();
  std::unordered_map<const InboxState*, inbox::Rules> changed;  // Of `default`.
  for (const auto& roster : inboxes.rosters) {
    for (const RosterEntry& entry : roster->entries()) {
      if (entry.name.is_default()) {
        changed.emplace(entry.state.get(), entry.rules);
      } else {
        all.push_back({entry.state.get(), entry.rules});
      }
    }
  }
  for (InboxState* inbox : inboxes.defaults) {
    const auto rules = changed.find(inbox);
    all.push_back({inbox, rules == changed.end() ? inbox::Rules() : rules->second});
  }
  for (const auto& inbox : tenants.leaving()) all.push_back({inbox.get(), inbox::Rules()});
  return all;
}

Error damaged(const std::string& what) {
  return {ErrorCode::unavailable, what + ". Run `triggers repair`, or restore a backup."};
}

class Restoring {
 public:
  Restoring(Database& database, const std::vector<InboxToRestore>& inboxes, UnixMillis now)
      : database_(database), inboxes_(inboxes), now_(now) {}

  Status run() {
    rocksdb::ReadOptions options;
    options.fill_cache = false;
    options.readahead_size = readahead_bytes;
    const std::unique_ptr<rocksdb::Iterator> iterator(
        database_.db().NewIterator(options, database_.family(Family::entries)));
    for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) {
      if (auto restored = restore(view(iterator->key()), view(iterator->value())); !restored) return restored;
    }
    if (!iterator->status().ok()) return damaged("entries of inboxes: " + iterator->status().ToString());
    return Done{};
  }

 private:
  Status restore(std::string_view key, std::string_view value) {
    const auto name = [&] { return layout::describe_entry("entries", key); };
    const InboxToRestore* const inbox = find(key);
    if (inbox == nullptr) return damaged(name() + " is of no inbox");
    const auto record = inbox::decode_record(value);
    if (!record || !record->entry) return damaged(name() + " cannot be read");
    const auto id = EventId::from_bytes(key.substr(inbox->state->prefix().size()));
    auto restored = inbox->state->index_to_restore(inbox->rules).restore(id, *record->entry, now_);
    if (!restored) return damaged(name() + ": " + restored.error().message);
    return Done{};
  }

  /// Records of one inbox follow each other.
  const InboxToRestore* find(std::string_view key) {
    const std::size_t id_bytes = EventId{}.bytes.size();
    if (key.size() <= id_bytes) return nullptr;
    const std::string_view prefix = key.substr(0, key.size() - id_bytes);
    if (last_ != nullptr && last_->state->prefix() == prefix) return last_;
    if (by_prefix_.empty()) {
      for (const auto& inbox : inboxes_) by_prefix_.emplace(inbox.state->prefix(), &inbox);
    }
    const auto found = by_prefix_.find(prefix);
    last_ = found == by_prefix_.end() ? nullptr : found->second;
    return last_;
  }

  Database& database_;
  const std::vector<InboxToRestore>& inboxes_;
  const UnixMillis now_;
  std::unordered_map<std::string_view, const InboxToRestore*> by_prefix_;
  const InboxToRestore* last_ = nullptr;
};

}  // namespace

Status restore_entries(Database& database, Tenants& tenants, const EventId& last_id, UnixMillis now) {
  const auto inboxes = all_inboxes(tenants);
  if (database.has(Family::entries)) {
    if (auto restored = Restoring(database, inboxes, now).run(); !restored) return restored;
  }
  for (const auto& [inbox, rules] : inboxes) {
    auto restored = inbox->set_restored(rules);
    if (!restored)
      return damaged("the inbox " + inbox->name() + " of " + inbox->tenant() + ": " + restored.error().message);
    if (inbox->fresh_after() > last_id) {
      return damaged("the counters of the inbox " + inbox->name() + " of " + inbox->tenant() +
                     " name an entry that is newer than the newest event");
    }
  }
  return Done{};
}

}  // namespace triggers::store

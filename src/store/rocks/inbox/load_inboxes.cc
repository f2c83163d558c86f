// The part of settings_table.h that runs at the start.

#include <rocksdb/db.h>

#include <map>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "store/rocks/format/layout.h"
#include "store/rocks/format/slice_view.h"
#include "store/rocks/inbox/settings_table.h"

namespace triggers::store {
namespace {

Error damaged(const std::string& what) { return {ErrorCode::unavailable, what + ": restore a backup"}; }

class Loading {
 public:
  Loading(Database& database, Tenants& tenants) : database_(database), tenants_(tenants) {}

  Status run() {
    if (auto loaded = load_last_number(); !loaded) return loaded;
    auto loaded = each(layout::settings_prefix, [this](auto key, auto value) { return load_settings(key, value); });
    if (!loaded) return loaded;
    end_tenant();
    loaded = each(layout::leaving_prefix, [this](auto key, auto) { return load_leaving(key); });
    if (!loaded) return loaded;
    return each(layout::inbox_meta_prefix, [this](auto key, auto value) { return load_counters(key, value); });
  }

 private:
  /// Calls `take` for every key with the prefix, in their order.
  template <class Take>
  Status each(std::string_view prefix, const Take& take) {
    const std::string end = layout::prefix_end(prefix);
    const rocksdb::Slice end_slice(end);
    rocksdb::ReadOptions options;
    options.iterate_upper_bound = &end_slice;
    const std::unique_ptr<rocksdb::Iterator> iterator(
        database_.db().NewIterator(options, database_.family(Family::meta)));
    for (iterator->Seek(std::string{prefix}); iterator->Valid(); iterator->Next()) {
      const auto key = layout::parse_inbox_key(prefix, view(iterator->key()));
      if (!key) return damaged("a key of an inbox cannot be read");
      if (auto taken = take(*key, view(iterator->value())); !taken) return taken;
    }
    if (!iterator->status().ok()) return Error{ErrorCode::unavailable, iterator->status().ToString()};
    return Done{};
  }

  Status load_last_number() {
    rocksdb::PinnableSlice value;
    const auto found = database_.get(Family::meta, layout::inbox_number_key, value);
    if (!found) return found.error();
    if (!*found) return Done{};
    if (value.size() != sizeof(std::uint64_t)) return damaged("the number of the newest inbox cannot be read");
    tenants_.set_last_number(layout::read_u64(view(value)));
    return Done{};
  }

  /// The settings of a tenant follow each other.
  Status load_settings(const layout::InboxKey& key, std::string_view value) {
    auto record = decode_inbox(value);
    if (!record || record->name.text() != key.inbox || record->name.is_default() != (record->number == 0)) {
      return damaged("the settings of the inbox " + std::string{key.inbox} + " of " + std::string{key.tenant} +
                     " cannot be read" + (record ? std::string{} : ": " + record.error().message));
    }
    if (tenant_ == nullptr || tenant_->id() != key.tenant) {
      end_tenant();
      tenant_ = &tenants_.get(key.tenant);
      entries_.emplace(InboxName(), roster_entry(InboxRecord(), tenant_->shared_default_inbox()));
    }
    auto state = record->number == 0 ? tenant_->shared_default_inbox()
                                     : std::make_shared<InboxState>(tenant_->id(), layout::inbox_place(record->number));
    places_[state->meta_key()] = state;
    entries_.insert_or_assign(record->name, roster_entry(*record, std::move(state)));
    return Done{};
  }

  void end_tenant() {
    if (tenant_ == nullptr) return;
    std::vector<RosterEntry> entries;
    entries.reserve(entries_.size());
    for (auto& [name, entry] : entries_) entries.push_back(std::move(entry));
    entries_.clear();
    tenant_->stage(std::make_shared<const Roster>(std::move(entries)));
    tenants_.publish(*tenant_);
    tenant_ = nullptr;
  }

  Status load_leaving(const layout::InboxKey& key) {
    const auto number = layout::number_of_place(key.inbox);
    if (!number || *number == 0) return damaged("a removed inbox cannot be read");
    auto state = std::make_shared<InboxState>(std::string{key.tenant}, std::string{key.inbox});
    places_[state->meta_key()] = state;
    tenants_.add_leaving(std::move(state));
    return Done{};
  }

  Status load_counters(const layout::InboxKey& key, std::string_view value) {
    InboxState* state = nullptr;
    if (key.inbox == layout::inbox_place(0)) {
      state = &tenants_.get(key.tenant).default_inbox();
    } else {
      const auto found = places_.find(layout::inbox_meta_key(key.tenant, key.inbox));
      if (found != places_.end()) state = found->second.get();
    }
    if (state == nullptr) return damaged("there are entries of an inbox that has no settings");
    if (!state->decode_meta(value)) return damaged("the counters of an inbox cannot be read");
    return Done{};
  }

  Database& database_;
  Tenants& tenants_;
  TenantState* tenant_ = nullptr;  ///< Whose settings are being read.
  std::map<InboxName, RosterEntry> entries_;
  std::map<std::string, std::shared_ptr<InboxState>, std::less<>> places_;  ///< By the key of the counters.
};

}  // namespace

Status load_inboxes(Database& database, Tenants& tenants) { return Loading(database, tenants).run(); }

}  // namespace triggers::store

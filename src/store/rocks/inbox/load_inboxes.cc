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
  Loading(Database& database, Tenants& tenants, JobBoard& jobs) : database_(database), tenants_(tenants), jobs_(jobs) {}

  Status run() {
    if (auto loaded = load_last_number(); !loaded) return loaded;
    auto loaded =
        each_inbox(layout::settings_prefix, [this](auto key, auto value) { return load_settings(key, value); });
    if (!loaded) return loaded;
    end_tenant();
    loaded = each_inbox(layout::leaving_prefix, [this](auto key, auto) { return load_leaving(key); });
    if (!loaded) return loaded;
    loaded = each_inbox(layout::inbox_meta_prefix, [this](auto key, auto value) { return load_counters(key, value); });
    if (!loaded) return loaded;
    return each(layout::job_prefix, [this](auto key, auto value) { return load_job(key, value); });
  }

 private:
  struct Place {
    std::shared_ptr<InboxState> state;
    InboxName name{};
    bool leaving = false;
  };

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
      if (auto taken = take(view(iterator->key()), view(iterator->value())); !taken) return taken;
    }
    if (!iterator->status().ok()) return Error{ErrorCode::unavailable, iterator->status().ToString()};
    return Done{};
  }

  template <class Take>
  Status each_inbox(std::string_view prefix, const Take& take) {
    return each(prefix, [&](std::string_view bytes, std::string_view value) -> Status {
      const auto key = layout::parse_inbox_key(prefix, bytes);
      return key ? take(*key, value) : damaged("a key of an inbox cannot be read");
    });
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
    places_[state->meta_key()] = {.state = state, .name = record->name};
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
    places_[state->meta_key()] = {.state = state, .name = {}, .leaving = true};
    tenants_.add_leaving(std::move(state));
    return Done{};
  }

  std::optional<Place> find(const layout::InboxKey& key) {
    if (key.inbox == layout::inbox_place(0)) return Place{.state = tenants_.get(key.tenant).shared_default_inbox()};
    const auto found = places_.find(layout::inbox_meta_key(key.tenant, key.inbox));
    return found != places_.end() ? std::optional(found->second) : std::nullopt;
  }

  Status load_counters(const layout::InboxKey& key, std::string_view value) {
    const auto place = find(key);
    if (!place) return damaged("there are entries of an inbox that has no settings");
    if (!place->state->decode_meta(value)) return damaged("the counters of an inbox cannot be read");
    return Done{};
  }

  /// Without a job, nothing is lost but its answer. So the store opens.
  Status load_job(std::string_view bytes, std::string_view value) {
    const auto key = layout::parse_job_key(bytes);
    const auto place = key ? find(key->inbox) : std::nullopt;
    auto record = key ? decode_job(key->job, value) : Error{ErrorCode::internal, "the key of a job cannot be read"};
    if (!record || !place) {
      database_.damage().note(record ? "there is a job of an inbox that has no settings" : record.error().message);
      return Done{};
    }
    jobs_.reserve(place->state, place->name, 1);
    jobs_.put(*place->state, *std::move(record));
    if (place->leaving) jobs_.stop(*place->state);
    return Done{};
  }

  Database& database_;
  Tenants& tenants_;
  JobBoard& jobs_;
  TenantState* tenant_ = nullptr;  ///< Whose settings are being read.
  std::map<InboxName, RosterEntry> entries_;
  std::map<std::string, Place, std::less<>> places_;  ///< By the key of the counters.
};

}  // namespace

Status load_inboxes(Database& database, Tenants& tenants, JobBoard& jobs) {
  return Loading(database, tenants, jobs).run();
}

}  // namespace triggers::store

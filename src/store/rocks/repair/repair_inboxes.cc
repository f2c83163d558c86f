#include "store/rocks/repair/repair_inboxes.h"

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "store/inbox_record.h"
#include "store/rocks/format/job_record.h"
#include "store/rocks/format/layout.h"
#include "store/rocks/format/slice_view.h"

namespace triggers::store {
namespace {

constexpr std::size_t id_bytes = 16;

/// A name that none of `taken` is.
InboxName free_name(const std::set<std::string>& taken, std::uint64_t number) {
  std::string text = "recovered-" + std::to_string(number);
  while (taken.contains(text)) text += "-again";
  auto name = InboxName::parse(text);
  return name ? *std::move(name) : InboxName();
}

}  // namespace

template <class Take>
Status KnownInboxes::each(std::string_view prefix, const Take& take) {
  const std::unique_ptr<rocksdb::Iterator> iterator(db_.NewIterator({}, family(Family::meta)));
  for (iterator->Seek(std::string{prefix}); iterator->Valid(); iterator->Next()) {
    if (!view(iterator->key()).starts_with(prefix)) break;
    take(view(iterator->key()), view(iterator->value()));
  }
  if (!iterator->status().ok()) return Error{ErrorCode::unavailable, iterator->status().ToString()};
  return Done{};
}

Status KnownInboxes::find_settings(rocksdb::WriteBatch& batch, RepairReport& report) {
  return each(layout::settings_prefix, [&](std::string_view key, std::string_view value) {
    const auto names = layout::parse_inbox_key(layout::settings_prefix, key);
    const auto record = decode_inbox(value);
    const bool fits =
        names && record && record->name.text() == names->inbox && record->name.is_default() == (record->number == 0);
    if (!fits) {
      report.losses.push_back("the settings of the inbox " + (names ? std::string{names->inbox} : std::string{"?"}) +
                              " of " + (names ? std::string{names->tenant} : std::string{"?"}) + " cannot be read");
      batch.Delete(family(Family::meta), rocksdb::Slice(key.data(), key.size()));
      return;
    }
    Inboxes& inboxes = by_tenant_[std::string{names->tenant}];
    inboxes.numbers.insert(record->number);
    inboxes.complete.insert(record->number);
    inboxes.names.insert(std::string{names->inbox});
  });
}

Status KnownInboxes::find_entries(Family name) {
  const std::unique_ptr<rocksdb::Iterator> iterator(db_.NewIterator({}, family(name)));
  iterator->SeekToFirst();
  while (iterator->Valid()) {
    const std::string_view key = view(iterator->key());
    const auto inbox = key.size() > id_bytes ? layout::parse_inbox_key("", key.substr(0, key.size() - id_bytes))
                                             : std::optional<layout::InboxKey>{};
    const auto number = inbox ? layout::number_of_place(inbox->inbox) : std::nullopt;
    if (!number) {
      iterator->Next();
      continue;
    }
    by_tenant_[std::string{inbox->tenant}].numbers.insert(*number);
    // The next inbox: the entries of one may be many.
    iterator->Seek(layout::prefix_end(key.substr(0, key.size() - id_bytes)));
  }
  if (!iterator->status().ok()) return Error{ErrorCode::unavailable, iterator->status().ToString()};
  return Done{};
}

Status KnownInboxes::find(rocksdb::WriteBatch& batch, RepairReport& report) {
  if (auto found = find_settings(batch, report); !found) return found;
  for (const std::string_view prefix : {layout::leaving_prefix, layout::inbox_meta_prefix}) {
    auto found = each(prefix, [&](std::string_view key, std::string_view) {
      const auto names = layout::parse_inbox_key(prefix, key);
      const auto number = names ? layout::number_of_place(names->inbox) : std::nullopt;
      if (!number) {
        report.losses.emplace_back("a key of an inbox cannot be read");
        batch.Delete(family(Family::meta), rocksdb::Slice(key.data(), key.size()));
        return;
      }
      Inboxes& inboxes = by_tenant_[std::string{names->tenant}];
      inboxes.numbers.insert(*number);
      if (prefix == layout::leaving_prefix) inboxes.complete.insert(*number);
    });
    if (!found) return found;
  }
  if (auto found = find_entries(Family::pending); !found) return found;
  return find_entries(Family::entries);
}

void KnownInboxes::put_lost(rocksdb::WriteBatch& batch, UnixMillis now, RepairReport& report) const {
  std::uint64_t last_number = 0;
  std::string stored;
  const auto status = db_.Get({}, family(Family::meta), std::string{layout::inbox_number_key}, &stored);
  if (status.ok() && stored.size() == sizeof last_number) last_number = layout::read_u64(stored);
  for (const auto& [tenant, inboxes] : by_tenant_) {
    std::size_t count = inboxes.names.size() + (inboxes.names.contains(InboxName().text()) ? 0 : 1);
    for (const std::uint64_t number : inboxes.numbers) {
      last_number = std::max(last_number, number);
      if (number == 0 || inboxes.complete.contains(number)) continue;
      if (++count > inbox::inboxes_per_tenant_max) {
        report.losses.push_back("an inbox of " + tenant +
                                " has no settings, and the tenant has no room for it: removed");
        batch.Put(family(Family::meta), layout::leaving_key(tenant, layout::inbox_place(number)), rocksdb::Slice());
        continue;
      }
      InboxRecord record{free_name(inboxes.names, number), {}, number, 1, now, now};
      record.settings.description = "The settings of this inbox were lost. It keeps its events and takes no new ones.";
      record.settings.collect = false;
      report.losses.push_back("the settings of an inbox of " + tenant + " are lost: its events are in the inbox " +
                              record.name.text() + ", which takes no new ones");
      batch.Put(family(Family::meta), layout::settings_key(tenant, record.name.text()), encode_inbox(record));
    }
  }
  if (last_number == 0) return;
  std::string number;
  layout::append_u64(number, last_number);
  batch.Put(family(Family::meta), std::string{layout::inbox_number_key}, number);
}

Status KnownInboxes::end_jobs(rocksdb::WriteBatch& batch, UnixMillis now, RepairReport& report) {
  return each(layout::job_prefix, [&](std::string_view bytes, std::string_view value) {
    const rocksdb::Slice slice(bytes.data(), bytes.size());
    const auto key = layout::parse_job_key(bytes);
    auto record = key ? decode_job(key->job, value) : Error{ErrorCode::internal, "the key of a job cannot be read"};
    const bool is_known = key && places_of(std::string{key->inbox.tenant}).contains(std::string{key->inbox.inbox});
    if (!record || !is_known) {
      if (!record) report.losses.push_back(record.error().message);
      batch.Delete(family(Family::meta), slice);
      return;
    }
    if (record->job.state != Job::State::running) return;
    record->job.state = Job::State::failed;
    record->job.ended_at = now;
    const std::string_view kind = record->job.kind == Job::Kind::purge ? "purge" : "replay";
    report.losses.push_back("a " + std::string{kind} + " of an inbox of " + std::string{key->inbox.tenant} +
                            " had not ended, and has failed: send the request again");
    batch.Put(family(Family::meta), slice, encode_job(*record));
  });
}

std::set<std::string> KnownInboxes::places_of(const std::string& tenant) const {
  std::set<std::string> places{layout::inbox_place(0)};
  const auto found = by_tenant_.find(tenant);
  if (found == by_tenant_.end()) return places;
  for (const std::uint64_t number : found->second.numbers) places.insert(layout::inbox_place(number));
  return places;
}

}  // namespace triggers::store

#include "store/rocks/inbox/settings_table.h"

#include <rocksdb/db.h>

#include <memory>
#include <utility>

#include "store/rocks/format/layout.h"
#include "store/rocks/format/slice_view.h"

namespace triggers::store {

Result<InboxRecords> SettingsTable::records(const std::string& tenant) const {
  const std::string prefix = layout::settings_prefix_of(tenant);
  const std::string end = layout::prefix_end(prefix);
  const rocksdb::Slice end_slice(end);
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = &end_slice;
  const std::unique_ptr<rocksdb::Iterator> iterator(
      database_.db().NewIterator(options, database_.family(Family::meta)));
  InboxRecords records{{InboxName(), InboxRecord()}};
  for (iterator->Seek(prefix); iterator->Valid(); iterator->Next()) {
    auto record = decode_inbox(view(iterator->value()));
    if (!record) return database_.unreadable("an inbox of " + tenant + ": " + record.error().message);
    InboxName name = record->name;
    records.insert_or_assign(std::move(name), *std::move(record));
  }
  if (!iterator->status().ok()) {
    return database_.unreadable("the inboxes of " + tenant + ": " + iterator->status().ToString());
  }
  return records;
}

Result<std::optional<InboxRecord>> SettingsTable::record(const std::string& tenant, const InboxName& name) const {
  rocksdb::PinnableSlice value;
  const auto found = database_.get(Family::meta, layout::settings_key(tenant, name.text()), value);
  if (!found) return found.error();
  if (!*found) return name.is_default() ? std::optional{InboxRecord()} : std::nullopt;
  auto record = decode_inbox(view(value));
  if (!record)
    return database_.unreadable("the inbox " + name.text() + " of " + tenant + ": " + record.error().message);
  return std::optional{*std::move(record)};
}

}  // namespace triggers::store

#include "store/dynamo/settings/settings_items.h"

#include <boost/json.hpp>

#include "store/dynamo/events/layout.h"

namespace triggers::store::dynamo {
namespace {

constexpr unsigned rounds_max = 16;
/// Sort keys after those of the head and of removed inboxes: names begin with a letter or a digit.
constexpr std::string_view before_names{"\x02"};

Result<StoredSettings> read_head(const Item& item) {
  StoredSettings settings;
  settings.records.emplace(InboxName{}, InboxRecord{});
  if (item.empty()) return settings;
  const auto version = number_of(item, "v");
  const auto next = number_of(item, "n");
  const auto since = number_of(item, "m");
  if (!version || !next || !since || *version < 1 || *next < 1) {
    return Error{ErrorCode::internal, "the stored settings of a tenant cannot be read: the head"};
  }
  settings.version = static_cast<std::uint64_t>(*version);
  settings.next_number = static_cast<std::uint64_t>(*next);
  settings.managed_since = UnixMillis{std::chrono::milliseconds{*since}};
  return settings;
}

Write head_of(const Tenant& tenant, const StoredSettings& before, bool takes_number, UnixMillis now) {
  Write write;
  write.item = layout::settings_head_key(tenant);
  write.item["v"] = number_value(static_cast<std::int64_t>(before.version + 1));
  write.item["n"] = number_value(static_cast<std::int64_t>(before.next_number + (takes_number ? 1 : 0)));
  const auto since = before.version == 0 ? now : before.managed_since;
  write.item["m"] = number_value(since.time_since_epoch().count());
  write.condition.expression = "attribute_not_exists(k)";
  if (before.version > 0) {
    write.condition.expression = "v = :v";
    write.condition.values[":v"] = number_value(static_cast<std::int64_t>(before.version));
  }
  return write;
}

}  // namespace

Task<Result<std::uint64_t>> SettingsItems::version(const Tenant& tenant) {
  auto item = co_await table_.get(layout::settings_head_key(tenant));
  if (!item) co_return to_error(item.error());
  const auto head = read_head(*item);
  if (!head) co_return head.error();
  co_return head->version;
}

Task<Status> SettingsItems::read_inboxes(const Tenant& tenant, InboxRecords& records) {
  Table::Range range;
  range.partition = layout::settings_partition(tenant);
  range.after = bytes_value(before_names);
  range.limit = inbox::inboxes_per_tenant_max + 1;
  for (;;) {
    auto found = co_await table_.query(range);
    if (!found) co_return to_error(found.error());
    for (const Item& item : found->items) {
      auto record = decode_inbox(text_of(item, "w").value_or(""));
      if (!record) co_return std::move(record).error();
      InboxName name = record->name;
      records.insert_or_assign(std::move(name), *std::move(record));
    }
    if (!found->more || found->items.empty()) co_return Done{};
    range.after = found->items.back().at("i").as_object();
  }
}

Task<Result<StoredSettings>> SettingsItems::read(const Tenant& tenant) {
  auto item = co_await table_.get(layout::settings_head_key(tenant));
  for (unsigned round = 0; round < rounds_max; ++round) {
    if (!item) co_return to_error(item.error());
    auto settings = read_head(*item);
    if (!settings || settings->version == 0) co_return settings;
    auto done = co_await read_inboxes(tenant, settings->records);
    if (!done) co_return std::move(done).error();
    // A query may see a half of a transaction. Every change changes the version, so none came between two equal ones.
    item = co_await table_.get(layout::settings_head_key(tenant));
    if (item) {
      const auto again = read_head(*item);
      if (!again) co_return again.error();
      if (again->version == settings->version) co_return settings;
    }
  }
  co_return Error{ErrorCode::overloaded, "the settings of this tenant's inboxes change all the time"};
}

Task<Result<bool>> SettingsItems::write(const Tenant& tenant, const StoredSettings& before, SettingsWrite change,
                                        UnixMillis now) {
  const bool takes_number = change.put && change.put->number == before.next_number;
  std::vector<Write> writes;
  writes.push_back(head_of(tenant, before, takes_number, now));
  if (before.version == 0) {
    // From now on the fleet visits the tenant: visits/roster.h.
    Write& visits = writes.emplace_back();
    visits.item = layout::visit_key(tenant);
    visits.item["n"] = number_value(0);
  }
  if (change.put) {
    Write& put = writes.emplace_back();
    put.item = layout::settings_key(tenant, change.put->name.text());
    put.item["w"] = text_value(encode_inbox(*change.put));
  }
  if (change.removed) {
    Write& gone = writes.emplace_back();
    gone.kind = Write::Kind::remove;
    gone.item = layout::settings_key(tenant, change.removed->name.text());
    Write& left = writes.emplace_back();
    left.item = layout::removed_inbox_key(tenant, change.removed->number);
    left.item["t"] = number_value(now.time_since_epoch().count());
  }
  auto done = co_await table_.transact_until_known(std::move(writes));
  if (done) co_return true;
  const auto kind = done.error().kind;
  if (kind == CallError::Kind::condition_failed) co_return false;
  if (kind != CallError::Kind::unknown) co_return to_error(done.error());
  co_return Error{ErrorCode::unavailable, "DynamoDB did not say whether it stored a change of an inbox's settings"};
}

}  // namespace triggers::store::dynamo

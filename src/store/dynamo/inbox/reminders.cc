#include "store/dynamo/inbox/reminders.h"

#include <boost/json.hpp>

#include "store/dynamo/inbox/inbox_layout.h"
#include "store/dynamo/inbox/lease_ids.h"

namespace triggers::store::dynamo {
namespace {

constexpr std::size_t id_bytes = 16;
constexpr std::size_t sort_bytes = 24;
/// A lease that is extended again and again ends some time: so long after each time that its reminder was due.
constexpr std::chrono::hours extended_kept{24 * 7};

std::string to_bytes(const std::vector<EventId>& entries) {
  std::string bytes;
  bytes.reserve(entries.size() * id_bytes);
  for (const EventId& id : entries) bytes += id.view();
  return bytes;
}

Result<std::vector<EventId>> entries_of_item(const Item& item) {
  const auto bytes = bytes_of(item, "e");
  if (!bytes || bytes->size() % id_bytes != 0) return Error{ErrorCode::internal, "a stored reminder cannot be read"};
  std::vector<EventId> entries;
  entries.reserve(bytes->size() / id_bytes);
  for (std::size_t at = 0; at < bytes->size(); at += id_bytes) {
    entries.push_back(EventId::from_bytes(std::string_view(*bytes).substr(at, id_bytes)));
  }
  return entries;
}

Result<Reminder> from_item(const Item& item) {
  const auto sort = bytes_of(item, "i");
  auto entries = entries_of_item(item);
  if (!entries) return std::move(entries).error();
  if (!sort || sort->size() != sort_bytes) return Error{ErrorCode::internal, "a stored reminder has no time"};
  return Reminder{layout::reminder_time(*sort), layout::reminder_id(*sort), *std::move(entries)};
}

Status status_of(const CallResult& answer) {
  if (answer) return Done{};
  // There is one of more entries.
  if (answer.error().kind == CallError::Kind::condition_failed) return Done{};
  return to_error(answer.error());
}

/// Entries are only added to a reminder, so one of more entries was put there later.
Condition none_of_more_entries(const Reminder& reminder) {
  Condition none;
  none.expression = "attribute_not_exists(e) OR size(e) <= :bytes";
  none.values[":bytes"] = number_value(static_cast<std::int64_t>(reminder.entries.size() * id_bytes));
  return none;
}

}  // namespace

Task<Status> Reminders::put(Reminder reminder) {
  Item item = layout::reminder_key(place_.tenant, place_.number(), reminder.at, reminder.id);
  item["e"] = bytes_value(to_bytes(reminder.entries));
  Condition none_of_more = none_of_more_entries(reminder);
  co_return status_of(co_await table_.put(std::move(item), std::move(none_of_more), Repeat::safe));
}

Task<Status> Reminders::remove(Reminder reminder) {
  Item key = layout::reminder_key(place_.tenant, place_.number(), reminder.at, reminder.id);
  Condition none_of_more = none_of_more_entries(reminder);
  co_return status_of(co_await table_.remove(std::move(key), std::move(none_of_more), Repeat::safe));
}

Task<Status> Reminders::remove_of(inbox::LeaseId lease) {
  Item key = layout::reminder_key(place_.tenant, place_.number(), first_end_of(lease), lease.value);
  Condition none;
  co_return status_of(co_await table_.remove(std::move(key), std::move(none), Repeat::safe));
}

Task<Result<std::vector<Reminder>>> Reminders::behind(std::optional<Reminder> last, std::size_t limit) {
  Table::Range range;
  range.partition = layout::reminder_partition(place_.tenant, place_.number());
  if (last) {
    const Item key = layout::reminder_key(place_.tenant, place_.number(), last->at, last->id);
    range.after = key.at("i").as_object();
  }
  range.limit = limit;
  auto items = co_await table_.query(std::move(range));
  if (!items) co_return to_error(items.error());
  std::vector<Reminder> reminders;
  for (const Item& item : items->items) {
    auto reminder = from_item(item);
    if (!reminder) co_return std::move(reminder).error();
    reminders.push_back(*std::move(reminder));
  }
  co_return reminders;
}

Task<Result<std::vector<EventId>>> Reminders::entries_of(inbox::LeaseId lease) {
  const std::uint64_t number = place_.number();
  auto item = co_await table_.get(layout::reminder_key(place_.tenant, number, first_end_of(lease), lease.value));
  if (!item) co_return to_error(item.error());
  if (!item->empty()) co_return entries_of_item(*item);
  auto kept = co_await table_.get(layout::extended_lease_key(place_.tenant, number, lease.value));
  if (!kept) co_return to_error(kept.error());
  if (kept->empty()) co_return std::vector<EventId>{};
  co_return entries_of_item(*kept);
}

Task<Status> Reminders::keep_extended(Uuid7 lease, std::vector<EventId> entries, UnixMillis now) {
  Item item = layout::extended_lease_key(place_.tenant, place_.number(), lease);
  item["e"] = bytes_value(to_bytes(entries));
  const auto until = std::chrono::ceil<std::chrono::seconds>((now + extended_kept).time_since_epoch());
  item["x"] = number_value(until.count());
  Condition none;
  co_return status_of(co_await table_.put(std::move(item), std::move(none), Repeat::safe));
}

}  // namespace triggers::store::dynamo

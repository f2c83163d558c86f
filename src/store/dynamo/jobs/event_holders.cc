#include "store/dynamo/jobs/event_holders.h"

#include <algorithm>
#include <boost/json.hpp>
#include <set>

#include "inbox/record_codec.h"
#include "store/dynamo/events/layout.h"
#include "store/dynamo/events/log_items.h"
#include "store/dynamo/inbox/inbox_layout.h"

namespace triggers::store::dynamo {
namespace {

UnixMillis time_of(std::int64_t ms) { return UnixMillis{std::chrono::milliseconds{ms}}; }

/// What a stored record says, also if it is too old to be shown.
Result<Departure> departure_of(const Item& stored) {
  Departure departure;
  departure.at = time_of(number_of(stored, "n").value_or(0));
  const auto bytes = bytes_of(stored, "w");
  if (!bytes) return departure;
  const auto record = inbox::decode_record(*bytes);
  if (!record) return record.error();
  departure.held = record->entry.has_value();
  if (record->acknowledgement) departure.at = record->acknowledgement->at;
  return departure;
}

}  // namespace

Item EventHolders::gone_inbox_key(const Tenant& tenant, std::uint64_t number) {
  return layout::key(layout::inbox_partition("z", tenant, number), std::string_view{"\0", 1});
}

Result<InboxNumbers> EventHolders::takers(const Item& logged) {
  const auto bytes = bytes_of(logged, "o");
  // A plain tenant's event was in `default`.
  if (!bytes) return InboxNumbers{0};
  auto numbers = decode_numbers(*bytes);
  if (!numbers) return Error{ErrorCode::internal, "an event of the log does not say which inboxes have taken it"};
  return *std::move(numbers);
}

Task<Result<Departure>> EventHolders::departure(const Tenant& tenant, const TenantInboxes& inboxes,
                                                const Item& logged) {
  const auto id = bytes_of(logged, "i");
  auto numbers = takers(logged);
  if (!numbers) co_return std::move(numbers).error();
  if (!id || id->size() != EventId{}.bytes.size())
    co_return Error{ErrorCode::internal, "an event of the log has no id"};
  Departure departure;
  const auto replayed = number_of(logged, "y");
  const bool changes =
      logged.contains(LogItems::missing_entries) || (replayed && clock_.now() - time_of(*replayed) < replay_for);
  departure.held = changes;
  if (changes) co_return departure;
  departure.at = EventId::from_bytes(*id).time();
  std::set<std::uint64_t> there{0};
  for (const auto& [name, record] : inboxes.records) there.insert(record.number);
  InboxNumbers present, removed;
  for (const std::uint64_t number : *numbers) (there.contains(number) ? present : removed).push_back(number);
  auto asked = co_await ask_inboxes(tenant, present, logged, departure);
  if (asked && !departure.held) asked = co_await ask_removed(tenant, removed, departure);
  if (!asked) co_return std::move(asked).error();
  co_return departure;
}

Task<Result<std::optional<Departure>>> EventHolders::departure(const Tenant& tenant, const TenantInboxes& inboxes,
                                                               EventId id) {
  auto logged = co_await table_.get(layout::log_key(tenant, id));
  if (!logged) co_return to_error(logged.error());
  if (logged->empty() || logged->contains("z")) co_return std::optional<Departure>{};
  auto departure = co_await this->departure(tenant, inboxes, *logged);
  if (!departure) co_return std::move(departure).error();
  co_return std::optional{*departure};
}

Task<Status> EventHolders::ask_inboxes(const Tenant& tenant, const InboxNumbers& numbers, const Item& logged,
                                       Departure& departure) {
  if (numbers.empty()) co_return Done{};
  const EventId id = EventId::from_bytes(*bytes_of(logged, "i"));
  std::vector<Item> keys;
  for (const std::uint64_t number : numbers) {
    keys.push_back(layout::record_key(tenant, number, id));
    keys.push_back(layout::entry_key(tenant, number, id));
  }
  auto items = co_await table_.batch_get(std::move(keys));
  if (!items) co_return to_error(items.error());
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const Item& stored = (*items)[2 * i];
    const Item& entry = (*items)[2 * i + 1];
    Departure one;
    if (!stored.empty()) {
      auto read = departure_of(stored);
      if (!read) co_return std::move(read).error();
      one = *read;
    } else if (!entry.empty() && !entry.contains("z")) {
      one.held = true;
    } else if (const auto at = number_of(logged, "d"); at && numbers[i] == 0) {
      one.at = time_of(*at);
    }
    departure.held = departure.held || one.held;
    departure.at = std::max(departure.at, one.at);
  }
  co_return Done{};
}

Task<Status> EventHolders::ask_removed(const Tenant& tenant, const InboxNumbers& numbers, Departure& departure) {
  if (numbers.empty()) co_return Done{};
  std::vector<Item> keys;
  for (const std::uint64_t number : numbers) {
    keys.push_back(layout::removed_inbox_key(tenant, number));
    keys.push_back(gone_inbox_key(tenant, number));
  }
  auto items = co_await table_.batch_get(std::move(keys));
  if (!items) co_return to_error(items.error());
  for (const Item& item : *items) {
    departure.at = std::max(departure.at, time_of(number_of(item, "t").value_or(0)));
  }
  co_return Done{};
}

}  // namespace triggers::store::dynamo

#include "store/dynamo/inbox/entry_records.h"

#include <algorithm>
#include <boost/json.hpp>

#include "inbox/record_codec.h"
#include "store/dynamo/events/entry_items.h"
#include "store/dynamo/events/found.h"
#include "store/dynamo/events/layout.h"
#include "store/dynamo/events/log_items.h"
#include "store/dynamo/inbox/inbox_layout.h"

namespace triggers::store::dynamo {
namespace {

/// What says that an entry has left, a trace or nothing else, outlives the event by this: see jobs/event_holders.h.
constexpr std::chrono::hours trace_margin{24};
/// Entries that are read at once; each may have a large content.
constexpr std::size_t entries_at_once = 25;

UnixMillis time_of(std::int64_t milliseconds) { return UnixMillis{std::chrono::milliseconds{milliseconds}}; }

}  // namespace

void EntryRecords::drop_expired_trace(inbox::Record& record) const {
  // DynamoDB removes expired items at any time after they expire.
  const auto& trace = record.acknowledgement;
  if (trace && clock_.now() - trace->at >= event_ttl_) record.acknowledgement.reset();
}

Result<StoredRecord> EntryRecords::from_item(const Item& item) const {
  StoredRecord stored;
  if (item.empty()) return stored;
  stored.version = number_of(item, "n").value_or(0);
  stored.token = bytes_of(item, "a").value_or("");
  if (stored.version == 0) return Error{ErrorCode::internal, "a stored record has no version"};
  if (item.contains("z")) return stored;
  const auto bytes = bytes_of(item, "w");
  if (!bytes) return Error{ErrorCode::internal, "a stored record is empty"};
  auto record = inbox::decode_record(*bytes);
  if (!record) return record.error();
  stored.record = *std::move(record);
  drop_expired_trace(stored.record);
  return stored;
}

Item EntryRecords::to_item(const EventId& id, const StoredRecord& stored) const {
  Item item = layout::record_key(place_.tenant, place_.number(), id);
  item["n"] = number_value(stored.version);
  item["a"] = bytes_value(stored.token);
  const inbox::Record& record = stored.record;
  std::optional<UnixMillis> until;
  if (record.empty()) {
    item["z"] = number_value(1);
    until = clock_.now() + event_ttl_ + trace_margin;
  } else {
    item["w"] = bytes_value(inbox::encode_record(record));
    if (!record.entry) until = std::max(record.acknowledgement->at, clock_.now()) + event_ttl_ + trace_margin;
  }
  if (until) item["x"] = number_value(std::chrono::ceil<std::chrono::seconds>(until->time_since_epoch()).count());
  return item;
}

Task<Result<std::vector<StoredRecord>>> EntryRecords::stored(std::vector<EventId> ids) {
  std::vector<Item> keys;
  keys.reserve(ids.size());
  for (const EventId& id : ids) keys.push_back(layout::record_key(place_.tenant, place_.number(), id));
  auto items = co_await table_.batch_get(std::move(keys));
  if (!items) co_return to_error(items.error());
  std::vector<StoredRecord> records;
  records.reserve(items->size());
  for (const Item& item : *items) {
    auto record = from_item(item);
    if (!record) co_return std::move(record).error();
    records.push_back(*std::move(record));
  }
  co_return records;
}

Task<Result<std::vector<StoredRecord>>> EntryRecords::read(std::vector<EventId> ids) {
  auto records = co_await stored(ids);
  if (!records) co_return records;
  std::vector<EventId> unknown;
  std::vector<StoredRecord*> to_fill;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if ((*records)[i].version != 0) continue;
    unknown.push_back(ids[i]);
    to_fill.push_back(&(*records)[i]);
  }
  for (std::size_t begin = 0; begin < unknown.size(); begin += entries_at_once) {
    const auto end = static_cast<std::ptrdiff_t>(std::min(unknown.size(), begin + entries_at_once));
    const auto from = static_cast<std::ptrdiff_t>(begin);
    std::vector<EventId> some(unknown.begin() + from, unknown.begin() + end);
    std::vector<StoredRecord*> theirs(to_fill.begin() + from, to_fill.begin() + end);
    auto added = co_await add_fresh(std::move(some), std::move(theirs));
    if (!added) co_return std::move(added).error();
  }
  co_return records;
}

Task<Status> EntryRecords::add_fresh(std::vector<EventId> ids, std::vector<StoredRecord*> records) {
  std::vector<Item> keys;
  keys.reserve(ids.size());
  for (const EventId& id : ids) keys.push_back(layout::entry_key(place_.tenant, place_.number(), id));
  auto items = co_await table_.batch_get(std::move(keys));
  if (!items) co_return to_error(items.error());
  std::vector<EventId> left;
  std::vector<StoredRecord*> theirs;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const Item& item = (*items)[i];
    if (item.empty() || item.contains("z")) {
      left.push_back(ids[i]);
      theirs.push_back(records[i]);
      continue;
    }
    auto entry = read_entry(item);
    if (!entry) co_return std::move(entry).error();
    records[i]->record = inbox::Record::fresh();
    records[i]->plain = entry->plain;
  }
  if (place_.number() != 0 || left.empty()) co_return Done{};
  co_return co_await add_plain_traces(std::move(left), std::move(theirs));
}

Task<Status> EntryRecords::add_plain_traces(std::vector<EventId> ids, std::vector<StoredRecord*> records) {
  std::vector<Item> keys;
  keys.reserve(ids.size());
  for (const EventId& id : ids) keys.push_back(layout::log_key(place_.tenant, id));
  auto items = co_await table_.batch_get(std::move(keys));
  if (!items) co_return to_error(items.error());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto at = number_of((*items)[i], "d");
    if (!at) continue;
    records[i]->record.acknowledgement = inbox::Acknowledgement{.at = time_of(*at), .lease = {}};
    drop_expired_trace(records[i]->record);
  }
  co_return Done{};
}

Task<Result<EntryRecords::Written>> EntryRecords::write(EventId id, StoredRecord seen, inbox::Record record) {
  if (seen.plain) {
    auto adopted = co_await adopt(id);
    if (!adopted) co_return std::move(adopted).error();
    if (!*adopted) {
      Written busy;
      busy.outcome = Written::Outcome::busy;
      co_return busy;
    }
  }
  co_return co_await write_adopted(id, seen.version, std::move(record));
}

Task<Result<bool>> EntryRecords::adopt(EventId id) {
  auto entry = co_await table_.get(layout::entry_key(place_.tenant, place_.number(), id));
  if (!entry) co_return to_error(entry.error());
  if (entry->empty() || entry->contains("z")) co_return false;
  LogItems log(table_, clock_);
  auto adopted = co_await log.adopt(place_.tenant, *entry);
  if (!adopted) co_return std::move(adopted).error();
  co_return *adopted == LogItems::Adopted::adopted;
}

Task<Result<EntryRecords::Written>> EntryRecords::write_adopted(EventId id, std::int64_t seen, inbox::Record record) {
  Written mine;
  mine.outcome = Written::Outcome::done;
  mine.there.record = std::move(record);
  // A record that DynamoDB has removed may come again: then its versions still grow.
  mine.there.version = std::max(seen + 1, clock_.now().time_since_epoch().count());
  mine.there.token = new_token();
  bool in_doubt = false;
  for (unsigned retry = 0;; ++retry) {
    Condition unchanged;
    unchanged.expression = seen == 0 ? "attribute_not_exists(k)" : "n = :seen";
    if (seen != 0) unchanged.values[":seen"] = number_value(seen);
    auto answer = co_await table_.put(to_item(id, mine.there), std::move(unchanged), Repeat::safe);
    if (answer) co_return mine;
    const auto kind = answer.error().kind;
    if (kind == CallError::Kind::condition_failed) {
      auto there = from_item(answer.error().item);
      if (!there) co_return std::move(there).error();
      // An earlier try, whose answer was lost, has written ours.
      if (there->token == mine.there.token) co_return mine;
      if (in_doubt && there->version > mine.there.version) break;
      Written overtaken;
      overtaken.there = *std::move(there);
      co_return overtaken;
    }
    in_doubt = in_doubt || kind == CallError::Kind::unknown;
    if (!in_doubt) co_return to_error(answer.error());
    const bool again = co_await table_.wait_to_retry(retry, Table::within_default);
    if (!again) break;
  }
  std::vector<EventId> ids(1, id);
  auto there = co_await stored(std::move(ids));
  if (there && there->front().token == mine.there.token) co_return mine;
  co_return Error{ErrorCode::unavailable, "DynamoDB did not say whether it stored a change of an entry"};
}

}  // namespace triggers::store::dynamo

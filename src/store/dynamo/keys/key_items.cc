#include "store/dynamo/keys/key_items.h"

#include <algorithm>
#include <boost/json.hpp>

#include "auth/validate.h"
#include "base/encoding.h"
#include "base/random.h"
#include "store/dynamo/client/for_each_until.h"

namespace triggers::store::dynamo {
namespace {

namespace json = boost::json;

using std::chrono::steady_clock;

// No call begins after this time:
constexpr std::chrono::seconds list_for{10}, change_for{10}, touch_for{5};
constexpr unsigned rounds_max = 64;
constexpr std::size_t key_id_bytes_max = auth::KeyLimits::key_id_bytes_max;

Item item_key(std::string_view kind, std::string_view name, std::string_view sort) {
  Item item;
  item["k"] = text_value(std::string{kind}.append("#").append(name));
  item["s"] = text_value(sort);
  return item;
}
Item record_key(std::string_view key_id) { return item_key("key", key_id, "record"); }
Item secret_key(const auth::KeyHash& hash) { return item_key("secret", to_hex(hash.view()), "key"); }
/// A user id may be any bytes.
std::string user_name(std::string_view user_id) { return to_hex(user_id); }

/// The record without its time of last use, which is an attribute of its own.
std::string encode_without_use(auth::KeyRecord record) {
  record.last_used_at.reset();
  return auth::encode(record);
}

Result<std::optional<auth::KeyRecord>> read_record(const Item& item) {
  if (item.empty()) return std::optional<auth::KeyRecord>{};
  const auto text = text_of(item, "v");
  if (!text) return Error{ErrorCode::internal, "a key of the api-keys table has no record"};
  auto record = auth::decode(*text);
  if (!record) return std::move(record).error();
  if (const auto used = number_of(item, "t")) record->last_used_at = UnixMillis{std::chrono::milliseconds{*used}};
  return std::optional{std::move(*record)};
}

json::object write(std::string_view kind, std::string_view table, std::string_view member, Item item,
                   std::string_view condition) {
  json::object body;
  body["TableName"] = table;
  body[member] = std::move(item);
  if (!condition.empty()) body["ConditionExpression"] = condition;
  json::object out;
  out[kind] = std::move(body);
  return out;
}

Error too_slow_to_list() { return {ErrorCode::overloaded, "DynamoDB is too slow for a list of so many keys"}; }

Error too_many_at_once(const std::string& key_id) {
  return {ErrorCode::overloaded, "too many changes of the key " + key_id + " at once"};
}

/// The same place among key ids, which are ASCII and short: DynamoDB refuses a long one as a sort key.
std::string short_place(std::string after_key_id) {
  if (after_key_id.size() <= key_id_bytes_max) return after_key_id;
  after_key_id.resize(key_id_bytes_max);
  if (auth::is_utf8(after_key_id)) return after_key_id;
  // Behind all ids that begin as it does before the character that was cut.
  while (!auth::is_utf8(after_key_id)) after_key_id.pop_back();
  return after_key_id + '\x7F';
}

bool holds(const auth::KeyRecord& record, const auth::KeyHash& hash) {
  return std::ranges::find(record.secrets, hash, &auth::KeySecret::hash) != record.secrets.end();
}

}  // namespace

json::object KeyItems::transaction(const auth::KeyRecord* before, const auth::KeyRecord& after) const {
  json::array writes;
  json::object record = write("Update", table_.name(), "Key", record_key(after.key_id),
                              before == nullptr ? "attribute_not_exists(k)" : "r = :before");
  json::object& update = record["Update"].as_object();
  update["UpdateExpression"] = "SET v = :v, r = :r";
  json::object values;
  values[":v"] = text_value(encode_without_use(after));
  values[":r"] = number_value(static_cast<std::int64_t>(after.revision));
  if (before != nullptr) values[":before"] = number_value(static_cast<std::int64_t>(before->revision));
  update["ExpressionAttributeValues"] = std::move(values);
  writes.push_back(std::move(record));

  for (const auto& secret : after.secrets) {
    if (before != nullptr && holds(*before, secret.hash)) continue;
    Item item = secret_key(secret.hash);
    item["id"] = text_value(after.key_id);
    writes.push_back(write("Put", table_.name(), "Item", std::move(item), "attribute_not_exists(k)"));
  }
  if (before != nullptr) {
    for (const auto& secret : before->secrets) {
      if (!holds(after, secret.hash))
        writes.push_back(write("Delete", table_.name(), "Key", secret_key(secret.hash), ""));
    }
  } else {
    Item listed = item_key("user", user_name(after.user_id), after.key_id);
    writes.push_back(write("Put", table_.name(), "Item", std::move(listed), ""));
  }
  json::object body;
  body["TransactItems"] = std::move(writes);
  body["ClientRequestToken"] = request_token();
  return body;
}

Task<Status> KeyItems::create(auth::KeyRecord record) {
  Table in_time = table_.until(steady_clock::now() + change_for);
  bool again = true;
  for (unsigned round = 0; again && round < rounds_max; ++round) {
    auto written = co_await caller_.call(ApiCall::transact_write_items, transaction(nullptr, record), Repeat::safe,
                                         Table::within_default);
    if (written) co_return Done{};
    const auto kind = written.error().kind;
    if (kind == CallError::Kind::condition_failed) {
      co_return Error{ErrorCode::conflict, "the key id " + record.key_id + " or the API key exists"};
    }
    if (kind != CallError::Kind::contended) co_return to_error(written.error());
    again = co_await in_time.pause(round, change_for);
  }
  co_return too_many_at_once(record.key_id);
}

Task<Result<auth::KeyRecord>> KeyItems::update(std::string key_id, KeyChange change) {
  Table in_time = table_.until(steady_clock::now() + change_for);
  bool again = true;
  for (unsigned round = 0; again && round < rounds_max; ++round) {
    auto before = co_await read(in_time, key_id);
    if (!before) co_return std::move(before).error();
    if (!*before) co_return Error{ErrorCode::not_found, "no key has the id " + key_id};
    auth::KeyRecord after = **before;
    if (auto changed = change(after); !changed) co_return std::move(changed).error();
    after.revision = (*before)->revision + 1;
    if (in_time.late()) break;
    auto written = co_await caller_.call(ApiCall::transact_write_items, transaction(&**before, after), Repeat::safe,
                                         Table::within_default);
    if (written) co_return after;
    // Another change was first: the next round applies ours to its result.
    const auto kind = written.error().kind;
    if (kind != CallError::Kind::condition_failed && kind != CallError::Kind::contended) {
      co_return to_error(written.error());
    }
    again = co_await in_time.pause(round, change_for);
  }
  co_return too_many_at_once(key_id);
}

Task<Result<std::optional<auth::KeyRecord>>> KeyItems::by_id(std::string key_id) {
  return read(table_, std::move(key_id));
}

Task<Result<std::optional<auth::KeyRecord>>> KeyItems::read(Table& table, std::string key_id) {
  // DynamoDB would refuse it as a key of the table.
  if (key_id.size() > key_id_bytes_max) co_return std::optional<auth::KeyRecord>{};
  auto item = co_await table.get(record_key(key_id));
  if (!item) co_return to_error(item.error());
  co_return read_record(*item);
}

Task<Result<std::optional<auth::KeyRecord>>> KeyItems::by_hash(auth::KeyHash hash) {
  auto secret = co_await table_.get(secret_key(hash));
  if (!secret) co_return to_error(secret.error());
  const auto key_id = text_of(*secret, "id");
  if (!key_id) co_return std::optional<auth::KeyRecord>{};
  std::string id(*key_id);
  auto record = co_await by_id(std::move(id));
  // Between the two reads the secret may have been dropped.
  if (record && *record && !holds(**record, hash)) co_return std::optional<auth::KeyRecord>{};
  co_return record;
}

Task<Result<std::vector<std::string>>> KeyItems::ids_of_user(std::string user_id, std::string after_key_id,
                                                             std::size_t limit, TimePoint until) {
  std::vector<std::string> ids;
  after_key_id = short_place(std::move(after_key_id));
  for (bool more = true; more && ids.size() < limit;) {
    Table::Range range;
    range.partition = "user#" + user_name(user_id);
    range.sort_name = "s";
    if (!after_key_id.empty()) range.after = text_value(after_key_id);
    range.limit = limit - ids.size();
    if (steady_clock::now() >= until) co_return too_slow_to_list();
    auto items = co_await table_.query(std::move(range));
    if (!items) co_return to_error(items.error());
    more = items->more;
    for (const Item& item : items->items) ids.emplace_back(text_of(item, "s").value_or(""));
    if (!ids.empty()) after_key_id = ids.back();
  }
  co_return ids;
}

Task<Result<std::vector<auth::KeyRecord>>> KeyItems::list(std::optional<std::string> user_id, std::string after_key_id,
                                                          std::size_t limit) {
  if (limit == 0) co_return std::vector<auth::KeyRecord>{};
  const auto until = steady_clock::now() + list_for;
  if (!user_id) co_return co_await list_all(std::move(after_key_id), limit, until);
  auto ids = co_await ids_of_user(*user_id, std::move(after_key_id), limit, until);
  if (!ids) co_return std::move(ids).error();
  std::vector<std::optional<auth::KeyRecord>> read(ids->size());
  auto read_it = [&](std::size_t i) { return read_into((*ids)[i], read[i]); };
  auto done = co_await for_each_until(read.size(), until, read_it);
  if (!done) co_return std::move(done).error();
  std::vector<auth::KeyRecord> records;
  for (auto& record : read) {
    if (record) records.push_back(std::move(*record));
  }
  co_return records;
}

Task<Status> KeyItems::read_into(std::string key_id, std::optional<auth::KeyRecord>& record) {
  auto found = co_await by_id(std::move(key_id));
  if (!found) co_return std::move(found).error();
  record = std::move(*found);
  co_return Done{};
}

Task<Result<std::vector<auth::KeyRecord>>> KeyItems::list_all(std::string after_key_id, std::size_t limit,
                                                              TimePoint until) {
  std::vector<auth::KeyRecord> records;
  json::object body;
  body["TableName"] = table_.name();
  body["ConsistentRead"] = true;
  body["FilterExpression"] = "s = :record";
  json::object values;
  values[":record"] = text_value("record");
  body["ExpressionAttributeValues"] = std::move(values);
  for (;;) {
    if (steady_clock::now() >= until) co_return too_slow_to_list();
    auto answer = co_await caller_.call(ApiCall::scan, body, Repeat::safe, Table::within_default);
    if (!answer) co_return to_error(answer.error());
    if (const auto* items = answer->if_contains("Items"); items != nullptr && items->is_array()) {
      for (const auto& item : items->get_array()) {
        auto record = read_record(item.as_object());
        if (!record) co_return std::move(record).error();
        if (*record && (*record)->key_id > after_key_id) records.push_back(std::move(**record));
      }
    }
    std::ranges::sort(records, {}, &auth::KeyRecord::key_id);
    if (records.size() > limit) records.resize(limit);
    if (!answer->contains("LastEvaluatedKey")) co_return records;
    body["ExclusiveStartKey"] = answer->at("LastEvaluatedKey");
  }
}

Task<Status> KeyItems::touch(std::vector<std::pair<std::string, UnixMillis>> last_used) {
  auto touch_it = [&](std::size_t i) { return touch_one(last_used[i].first, last_used[i].second); };
  co_return co_await for_each_until(last_used.size(), steady_clock::now() + touch_for, touch_it);
}

Task<Status> KeyItems::touch_one(std::string key_id, UnixMillis time) {
  Condition later;
  later.expression = "attribute_exists(k) AND (attribute_not_exists(t) OR t < :t)";
  later.values[":t"] = number_value(time.time_since_epoch().count());
  auto touched = co_await table_.update(record_key(key_id), "SET t = :t", std::move(later), Repeat::safe);
  if (!touched && touched.error().kind != CallError::Kind::condition_failed) co_return to_error(touched.error());
  co_return Done{};
}

Task<Result<std::string>> KeyItems::shared_secret() {
  const Item key = item_key("shared", "cursors", "secret");
  auto there = co_await table_.get(key);
  if (!there) co_return to_error(there.error());
  if (auto secret = bytes_of(*there, "v")) co_return *std::move(secret);
  std::string secret(32, '\0');
  fill_random(std::as_writable_bytes(std::span(secret)));
  Item item = key;
  item["v"] = bytes_value(secret);
  Condition first;
  first.expression = "attribute_not_exists(k)";
  auto written = co_await table_.put(std::move(item), std::move(first), Repeat::safe);
  if (written) co_return secret;
  if (written.error().kind != CallError::Kind::condition_failed) co_return to_error(written.error());
  auto others = bytes_of(written.error().item, "v");
  if (!others) co_return Error{ErrorCode::internal, "the shared secret of the api-keys table cannot be read"};
  co_return *std::move(others);
}

}  // namespace triggers::store::dynamo

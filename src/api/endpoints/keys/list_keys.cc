#include "api/endpoints/keys/list_keys.h"

#include "api/admission/admit.h"
#include "api/endpoints/keys/key_json.h"
#include "api/exchange/input.h"
#include "api/exchange/off_loop.h"
#include "api/exchange/response_memory.h"
#include "auth/validate.h"

namespace triggers::api {
namespace {

constexpr std::int64_t page_keys_max = 1000;
/// A page ends at this size: each key may have 100 long event types.
constexpr std::size_t page_bytes_max = 1024 * 1024;
/// Keys of the first read: it is not known yet how large they are.
constexpr std::size_t first_keys = 16;
/// The most keys of one read: they may be much larger than those before. A list of all tenants reads more at once,
/// because each such read scans DynamoDB's table.
constexpr std::size_t piece_keys_max = 32;
constexpr std::size_t piece_keys_max_of_all = 200;
/// The size of a record, at most about: 100 event types of 255 characters of four bytes.
constexpr std::size_t record_bytes_max = 112 * 1024;

struct KeyQuery {
  std::optional<std::string> user;  ///< Nothing: of every tenant.
  std::string after;
  std::size_t limit = page_keys_max;

  [[nodiscard]] std::size_t piece_max() const { return user ? piece_keys_max : piece_keys_max_of_all; }
};

OrRefusal<KeyQuery> parse_query(const Exchange& exchange) {
  const auto parameters = query_parameters(exchange.request.query(), {"user_id", "after", "limit"});
  if (!parameters) return parameters.error();
  KeyQuery query;
  if (const auto* text = find(*parameters, "limit")) {
    const auto number = parse_number("limit", *text, 1, page_keys_max);
    if (!number) return number.error();
    query.limit = static_cast<std::size_t>(*number);
  }
  if (const auto* wanted = find(*parameters, "user_id")) query.user = *wanted;
  if (!exchange.sees_all_tenants()) {
    if (query.user && *query.user != exchange.key->record.user_id) {
      return Refusal{Code::forbidden,
                     "An admin key lists the keys of its own user_id only.",
                     Details().text("field", "user_id").json(),
                     {},
                     {}};
    }
    query.user = exchange.key->record.user_id;
  }
  if (query.user && (query.user->empty() || query.user->size() > auth::KeyLimits::user_id_bytes_max)) {
    return invalid("user_id", "must have 1 to 255 bytes");
  }
  if (const auto* text = find(*parameters, "after")) query.after = *text;
  return query;
}

/// A page that is being built.
struct KeyPage {
  std::string body = R"({"keys":[)";
  std::size_t count = 0;
  std::string last_id;
  bool has_more = false;

  /// False if the page is full: then there is more.
  bool add(const auth::KeyRecord& record, std::size_t limit) {
    has_more = count == limit || body.size() >= page_bytes_max;
    if (has_more) return false;
    if (count > 0) body += ',';
    body += boost::json::serialize(key_json(record));
    last_id = record.key_id;
    ++count;
    return true;
  }
  /// How many keys to read next: as many as will fit, if they are as large as those before.
  [[nodiscard]] std::size_t wanted(std::size_t limit, std::size_t piece_max) const {
    const std::size_t left = std::min(limit + 1 - count, piece_max);
    if (count == 0) return std::min(left, first_keys);
    const std::size_t room = page_bytes_max - std::min(body.size(), page_bytes_max);
    return std::clamp<std::size_t>(room / (body.size() / count) + 1, 1, left);
  }
};

http::Response answer(KeyPage&& page) {
  http::Response response;
  response.body = std::move(page.body);
  response.body +=
      page.has_more ? "],\"has_more\":true,\"next_after\":" : "],\"has_more\":false,\"next_after\":null}\n";
  if (page.has_more) {
    event::append_json_string(response.body, page.last_id);
    response.body += "}\n";
  }
  response.add("Cache-Control", "no-store");
  return response;
}

/// The approximate size of the keys as JSON.
std::size_t json_bytes(const std::vector<auth::KeyRecord>& records) {
  std::size_t bytes = 0;
  for (const auto& record : records) {
    bytes += 400 + record.user_id.size() + record.user_email.size() + record.description.size();
    for (const auto& type : record.event_types) bytes += type.size() + 3;
    for (const auto& inbox : record.inboxes) bytes += inbox.size() + 3;
  }
  return bytes;
}

/// Adds the records and frees them, in the pool if they are large. False if the page is full.
Task<bool> add_all(const KeyListing& keys, const Exchange& exchange, std::vector<auth::KeyRecord> records,
                   std::size_t limit, KeyPage& page) {
  const std::size_t bytes = json_bytes(records);
  auto add = [&page, &records, limit] {
    const auto all = std::move(records);
    return std::ranges::all_of(all, [&](const auto& record) { return page.add(record, limit); });
  };
  co_return co_await make_off_loop(keys.parsers, exchange, bytes, std::move(add));
}

/// Reads in pieces, so that only the page and one piece are in memory.
Task<OrRefusal<KeyPage>> read_page(const KeyListing& keys, const Exchange& exchange, const KeyQuery& query) {
  KeyPage page;
  for (;;) {
    const std::size_t wanted = page.wanted(query.limit, query.piece_max());
    std::optional<std::string> user = query.user;
    std::string after = page.count > 0 ? page.last_id : query.after;
    auto records = co_await keys.store.list_keys(std::move(user), std::move(after), wanted);
    if (!records) co_return from_error(records.error());
    const bool last = records->size() < wanted;
    const bool added = co_await add_all(keys, exchange, *std::move(records), query.limit, page);
    if (!added) co_return page;
    if (last) co_return page;
  }
}

}  // namespace

Task<OrRefusal<http::Response>> list_keys(const KeyListing& keys, Exchange& exchange) {
  const auto admitted = co_await admit(keys.admission, exchange);
  if (!admitted) co_return admitted.error();
  const auto query = parse_query(exchange);
  if (!query) co_return query.error();
  // A string that grows may hold twice the memory that it needs.
  auto memory = reserve(keys.answers, exchange, 2 * page_bytes_max + query->piece_max() * record_bytes_max);
  if (!memory) co_return memory.error();
  auto page = co_await read_page(keys, exchange, *query);
  if (!page) co_return page.error();
  http::Response response = answer(*std::move(page));
  if (auto refused = count_until_written(std::move(*memory), response)) co_return *std::move(refused);
  co_return response;
}

}  // namespace triggers::api

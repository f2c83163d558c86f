#include "api/endpoints/events/post_batch.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/admission/admit.h"
#include "api/endpoints/events/event_json.h"
#include "api/endpoints/events/parse_event.h"
#include "api/endpoints/request_limits.h"
#include "api/exchange/input.h"
#include "api/exchange/off_loop.h"
#include "api/exchange/response_memory.h"
#include "api/exchange/storage_full.h"

namespace triggers::api {
namespace {

OrRefusal<event::BatchElements> split(const event::Limits& limits, const http::Request& request) {
  const auto format = batch_format(request);
  if (!format) return format.error();
  event::BatchElements batch;
  if (*format == BatchFormat::lines) {
    batch = event::split_lines(request.body, limits);
  } else {
    auto parsed = event::split_array(request.body, limits);
    if (const auto* refusal = std::get_if<event::ParseError>(&parsed)) return from_parse_error(*refusal);
    batch = std::move(std::get<event::BatchElements>(parsed));
  }
  if (batch.count == 0) return invalid("body", fmt::format("must hold 1 to {} events", batch_events_max));
  if (batch.count > batch_events_max) {
    return Refusal{
        Code::payload_too_large,
        fmt::format("A batch is at most {} events: send these {} in several.", batch_events_max, batch.count),
        Details().number("limit_events", batch_events_max).number("events", batch.count).json(),
        {},
        {}};
  }
  return batch;
}

/// Each event of a batch has a key of its own, derived from the batch's. No client can send one with a NUL itself.
std::string element_key(std::string_view batch_key, std::size_t index) {
  return fmt::format("batch{0}{1}{0}{2}", '\0', batch_key, index);
}

struct ParsedBatch {
  std::vector<OrRefusal<store::Appended>>
      results;                          ///< One for each element. An element that is no event has its error already.
  std::vector<event::NewEvent> events;  ///< These go to the store together.
  std::vector<std::size_t> places;      ///< Of the events among the results.
  std::vector<std::string> element_keys;
  std::vector<store::IncomingEvent>
      appends;  ///< The events; their text is in `events`, `element_keys` and the request's body.
};

void make_appends(ParsedBatch& parsed, std::optional<std::string_view> batch_key) {
  parsed.appends.reserve(parsed.events.size());
  if (batch_key) parsed.element_keys.reserve(parsed.events.size());
  for (std::size_t i = 0; i < parsed.events.size(); ++i) {
    store::IncomingEvent& append = parsed.appends.emplace_back(to_append(parsed.events[i]));
    if (!batch_key) continue;
    append.idempotency_key = parsed.element_keys.emplace_back(element_key(*batch_key, parsed.places[i]));
  }
}

OrRefusal<ParsedBatch> parse_batch(const event::Limits& limits, const Exchange& exchange,
                                   std::optional<std::string_view> batch_key) {
  const auto batch = split(limits, exchange.request);
  if (!batch) return batch.error();
  ParsedBatch parsed;
  parsed.results.assign(batch->elements.size(), Refusal{});
  parsed.events.reserve(batch->elements.size());
  for (std::size_t i = 0; i < batch->elements.size(); ++i) {
    auto event = parse_event(limits, *exchange.key, batch->elements[i]);
    if (!event) {
      parsed.results[i] = std::move(event).error();
      continue;
    }
    parsed.events.push_back(std::move(*event));
    parsed.places.push_back(i);
  }
  make_appends(parsed, batch_key);
  return parsed;
}

/// The result of one element.
void append_result(std::string& out, const OrRefusal<store::Appended>& result) {
  if (!result) {
    out += "{\"status\":\"error\",";
    append_error_members(out, result.error());
  } else {
    const bool duplicate = result->outcome == store::Appended::Outcome::duplicate;
    out += duplicate ? "{\"status\":\"duplicate\"," : "{\"status\":\"accepted\",";
    append_id_and_timestamp(out, result->id);
    if (duplicate) out += ",\"duplicate\":true";
  }
  out += '}';
}

/// The store's error, or else the limit that was reached, if at least one event failed for it and none is stored.
std::optional<Refusal> whole_failure(const std::vector<Result<store::Appended>>& stored,
                                     const store::TenantLimits& limits) {
  using Outcome = store::Appended::Outcome;
  const Error* failure = nullptr;
  const store::StorageLimit* limit = nullptr;
  for (const auto& one : stored) {
    if (one && one->outcome != Outcome::idempotency_mismatch && one->outcome != Outcome::no_room) return std::nullopt;
    // If one event may have been stored in spite of its error, the batch gets that error.
    if (!one && (failure == nullptr || one.error().code == ErrorCode::unavailable)) failure = &one.error();
    if (one && one->outcome == Outcome::no_room && limit == nullptr) limit = &one->limit;
  }
  if (failure != nullptr) return from_error(*failure);
  return limit != nullptr ? std::optional{storage_full(*limit, limits)} : std::nullopt;
}

/// The size of the response, at most about. Elements that are no events have their error already; the store's results
/// are short.
std::size_t answer_bytes(const std::vector<OrRefusal<store::Appended>>& results) {
  constexpr std::size_t of_a_result = 384;
  std::size_t bytes = of_a_result;
  for (const auto& result : results) {
    bytes += of_a_result + (result ? 0 : result.error().message.size() + result.error().details.size());
  }
  return bytes;
}

http::Response answer(const std::vector<OrRefusal<store::Appended>>& results) {
  std::size_t accepted = 0;
  std::size_t duplicates = 0;
  http::Response response;
  std::string& body = response.body;
  body.reserve(results.size() * 128 + 64);
  body = "{\"results\":[";
  for (const auto& result : results) {
    if (body.back() != '[') body += ',';
    append_result(body, result);
    if (!result) continue;
    (result->outcome == store::Appended::Outcome::accepted ? accepted : duplicates) += 1;
  }
  body += fmt::format("],\"accepted\":{},\"duplicates\":{},\"failed\":{}}}\n", accepted, duplicates,
                      results.size() - accepted - duplicates);
  // A producer that looks only at the status must not take a batch that failed as a whole for a success.
  if (accepted + duplicates == 0) response.status = 422;
  return response;
}

/// The response to a batch, with the store's results for its events.
OrRefusal<http::Response> conclude(ParsedBatch parsed, const std::vector<Result<store::Appended>>& stored,
                                   const store::TenantLimits& limits) {
  for (std::size_t i = 0; i < stored.size(); ++i) {
    auto& result = parsed.results[parsed.places[i]];
    if (!stored[i]) {
      result = from_error(stored[i].error());
    } else if (stored[i]->outcome == store::Appended::Outcome::idempotency_mismatch) {
      result = idempotency_mismatch(stored[i]->id);
    } else if (stored[i]->outcome == store::Appended::Outcome::no_room) {
      result = storage_full(stored[i]->limit, limits);
    } else {
      result = *stored[i];
    }
  }
  // Nothing was stored, and the events are not the reason: the client should send the whole request again. If a store
  // of many parts stored some of them, each event has its own result instead.
  if (auto failure = whole_failure(stored, limits)) return *std::move(failure);
  return answer(parsed.results);
}

}  // namespace

Task<OrRefusal<http::Response>> post_batch(const BatchIntake& intake, Exchange& exchange) {
  const auto admitted = co_await admit(intake.events.admission, exchange);
  if (!admitted) co_return admitted.error();
  const auto batch_key = idempotency_key(exchange.request);
  if (!batch_key) co_return batch_key.error();
  auto parse = [&] { return parse_batch(intake.events.limits, exchange, *batch_key); };
  auto parsed = co_await parse_off_loop(intake.events.parsers, exchange, std::move(parse));
  if (!parsed) co_return std::move(parsed).error();
  const std::size_t bytes = answer_bytes(parsed->results);
  auto memory = reserve(intake.answers, exchange, bytes);
  if (!memory) co_return memory.error();
  const auto stored = co_await intake.events.log.append_batch(exchange.key->tenant, std::move(parsed->appends));
  auto make = [&] { return conclude(*std::move(parsed), stored, intake.events.tenant_limits); };
  auto response = co_await make_off_loop(intake.events.parsers, exchange, bytes, std::move(make));
  if (!response) co_return std::move(response).error();
  count_reserved_until_written(std::move(*memory), *response);
  co_return *std::move(response);
}

}  // namespace triggers::api

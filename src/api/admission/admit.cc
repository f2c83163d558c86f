#include "api/admission/admit.h"

#include <fmt/format.h>

#include "api/admission/admitted_request.h"
#include "api/exchange/client_address.h"
#include "api/exchange/input.h"
#include "api/exchange/storage_full.h"
#include "auth/bearer.h"
#include "limit/rate_fields.h"

namespace triggers::api {
namespace {

/// A request that has waited this long for a part of a shared rate limit does not wait for another slice.
constexpr std::chrono::seconds slice_wait_max{5};

Refusal too_many_failures(const limit::Decision& counted) {
  return {Code::rate_limit_exceeded,
          "Too many failed authentications from this address: check the API key, then wait.",
          Details().text("reason", "authentication_failures").json(),
          {{"Retry-After", limit::retry_after_field(counted.retry_after)}},
          {}};
}

Refusal unauthorized(std::string message) {
  return {Code::unauthorized, std::move(message), "{}", {{"WWW-Authenticate", "Bearer"}}, {}};
}

/// Counts a failed authentication. Gives `refusal`, or 429 once the address has failed too often.
Refusal failed(const AdmissionContext& context, const http::Request& request, Refusal refusal) {
  const auto counted =
      context.failures.record_failure(client_address(context.trusted_proxies, request), context.clock.steady());
  return counted.allowed ? std::move(refusal) : too_many_failures(counted);
}

Refusal denied(auth::Denial denial) {
  std::string_view message;
  switch (denial) {
    case auth::Denial::none: INVARIANT(false, "a refusal without a reason");
    case auth::Denial::inactive: message = "This API key is inactive: ask an admin to activate it."; break;
    case auth::Denial::revoked: message = "This API key was revoked: use another."; break;
    case auth::Denial::expired: message = "This API key has expired: use another, or ask an admin to extend it."; break;
    case auth::Denial::secret_expired:
      message = "This API key was rotated and its grace is over: use the new one.";
      break;
  }
  return {Code::forbidden, std::string{message}, Details().text("reason", auth::denial_name(denial)).json(), {}, {}};
}

Refusal role_forbids(auth::Role role, auth::Action action) {
  std::string_view needed = "viewer";
  switch (action) {
    case auth::Action::read: break;
    case auth::Action::send:
    case auth::Action::consume: needed = "creator or admin"; break;
    case auth::Action::manage_inboxes:
    case auth::Action::manage_keys: needed = "admin"; break;
  }
  return {Code::forbidden,
          fmt::format("A key with the role {} may not do this: it needs the role {}.", auth::role_name(role), needed),
          Details().text("reason", "role").text("role", auth::role_name(role)).json(),
          {},
          {}};
}

Refusal over_rate(const limit::Decision& rate) {
  const auto retry_ms = std::chrono::ceil<std::chrono::milliseconds>(rate.retry_after).count();
  return {Code::rate_limit_exceeded,
          fmt::format("This API key is limited to {} requests a minute: wait {} ms.", rate.limit.value_or(0), retry_ms),
          Details()
              .number("limit_per_minute", rate.limit.value_or(0))
              .number("retry_after_ms", static_cast<std::uint64_t>(retry_ms))
              .json(),
          {{"Retry-After", limit::retry_after_field(rate.retry_after)}},
          {}};
}

/// Fetches a slice of the bucket that all nodes share, and takes one request from it: `mine`.
Task<Status> bring_slice(const AdmissionContext& context, const ActiveKey& key, std::uint32_t per_minute,
                         std::optional<limit::Decision>& mine) {
  limit::SharedBucket& shared = key.rate_bucket->shared;
  const auto asked_at = context.clock.steady();
  mine = shared.take(asked_at, per_minute);  // Another request has fetched a slice meanwhile.
  if (mine) co_return Done{};
  std::function<std::uint32_t()> wanted = [&shared, asked_at, per_minute] {
    return shared.wanted(asked_at, per_minute);
  };
  const auto grant = co_await context.take_slice(key.record.key_id, per_minute, std::move(wanted));
  if (!grant) co_return grant.error();
  mine = shared.granted(context.clock.steady(), *grant);
  co_return Done{};
}

/// Takes one from the key's bucket: this node's own, or the one that all nodes share.
Task<Result<limit::Decision>> take_one(const AdmissionContext& context, const ActiveKey& key) {
  const auto per_minute = key.record.rate_limit_per_minute;
  if (!context.take_slice || !per_minute) co_return key.rate_bucket->own.take(context.clock.steady());
  limit::SharedBucket& shared = key.rate_bucket->shared;
  const auto since = context.clock.steady();
  std::optional<limit::Decision> mine = shared.take(since, *per_minute);
  if (mine) co_return *mine;
  const limit::SharedBucket::Waiter waiter(shared);
  // One request fetches a slice for all. Others may use it up before our turn; then we fetch, or wait, again.
  while (context.clock.steady() - since < slice_wait_max) {
    auto ask = [&] { return bring_slice(context, key, *per_minute, mine); };
    if (auto asked = co_await key.rate_bucket->slice.fly(std::move(ask)); !asked) co_return std::move(asked).error();
    if (!mine) mine = shared.take(context.clock.steady(), *per_minute);
    if (mine) co_return *mine;
  }
  co_return Error{ErrorCode::overloaded, "no part of the key's rate limit came in time"};
}

/// Reads the key with that secret from the store. An unknown key costs a read, for which DynamoDB charges. So the
/// failure is counted before the read, and taken back if the key is good: an address that has failed too often causes
/// no reads. Two kinds are not counted before: a key that this node knows and must only read again, and a key that is
/// being read for another request, which costs no read.
Task<OrRefusal<std::shared_ptr<const ActiveKey>>> read_key(const AdmissionContext& context,
                                                           const http::Request& request, auth::KeyHash hash) {
  FirstRead first_read(context.first_reads, client_address(context.trusted_proxies, request));
  bool counted = false;
  if (!context.ring.knows(hash) && !context.ring.is_reading(hash)) {
    const auto begun = co_await first_read;
    counted = begun == FirstRead::Begun::yes;
    // Another request may have read the key while this one waited.
    if (!counted && !context.ring.knows(hash)) {
      if (begun == FirstRead::Begun::failed_too_often) co_return too_many_failures(first_read.counted());
      co_return from_error({ErrorCode::overloaded, "API keys are read too slowly"});
    }
  }
  auto read = co_await context.ring.load(hash);
  const bool unknown = read.ok() && *read == nullptr;
  if (unknown) {
    Refusal refusal = unauthorized("This API key is not known.");
    co_return counted ? std::move(refusal) : failed(context, request, std::move(refusal));
  }
  first_read.forgive();
  if (!read) co_return from_error(read.error());
  co_return std::move(*read);
}

/// What the key was admitted for: its role allows it, there is no query that the endpoint does not know, and the store
/// has room for it.
OrRefusal<Done> may(const AdmissionContext& context, const Exchange& exchange) {
  const AccessRule& rule = exchange.route.access;
  const auth::Role role = exchange.key->record.role;
  if (!auth::allows(role, rule.action)) return role_forbids(role, rule.action);
  if (rule.growth == Growth::for_long && !context.store.has_room()) {
    return storage_full(store::StorageLimit::disk_reserve);
  }
  if (rule.input == Input::query) return Done{};
  if (const auto none = query_parameters(exchange.request.query(), {}); !none) return none.error();
  return Done{};
}

}  // namespace

Task<OrRefusal<Done>> admit(const AdmissionContext& context, Exchange& exchange) {
  if (exchange.route.access.caller == Caller::manager && exchange.request.peer.local) {
    exchange.is_operator = true;
    co_return Done{};
  }
  if (exchange.admitted) co_return may(context, exchange);
  const http::Request& request = exchange.request;
  const auto field = request.headers.find("Authorization");
  if (!field) {
    co_return failed(context, request,
                     unauthorized("An API key is required: send the header Authorization: Bearer <api key>."));
  }
  const auto token = auth::bearer_token(*field);
  if (!token || request.headers.count("Authorization") > 1) {
    co_return failed(context, request, unauthorized("The Authorization header must be: Bearer <api key>."));
  }

  const auth::KeyHash hash = auth::hash_key(*token);
  UnixMillis now = exchange.begun;
  auto key = context.ring.find(hash);
  if (!key) {
    auto read = co_await read_key(context, request, hash);
    if (!read) co_return std::move(read).error();
    key = std::move(*read);
    now = context.clock.now();
  }

  if (const auto denial = auth::denial_of(key->record, hash, now); denial != auth::Denial::none) {
    co_return failed(context, request, denied(denial));
  }
  key->last_use->store(now.time_since_epoch().count(), std::memory_order_relaxed);
  auto rate = co_await take_one(context, *key);
  if (!rate) co_return from_error(rate.error());
  exchange.rate = *rate;
  exchange.key = std::move(key);
  if (!exchange.rate->allowed) co_return over_rate(*exchange.rate);
  if (const std::size_t here = request.body.size(); exchange.rate->limit && !request.ticket) {
    if (const auto cost = cost_of(here, *exchange.rate->limit); cost > 1) {
      exchange.rate = charge(context, *exchange.key, cost - 1);
    }
  }
  exchange.admitted = true;
  co_return may(context, exchange);
}

Task<OrRefusal<Done>> admit_by_head(const AdmissionContext& context, Exchange& exchange) {
  switch (exchange.route.access.caller) {
    case Caller::anybody: co_return Done{};
    case Caller::on_socket:
      if (!exchange.request.peer.local) co_return operator_only();
      co_return Done{};
    case Caller::key:
    case Caller::manager: break;
  }
  co_return co_await admit(context, exchange);
}

}  // namespace triggers::api

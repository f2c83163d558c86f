#include "api/endpoints/inboxes/entry_wait.h"

#include <algorithm>

#include "api/admission/admitted_inbox.h"
#include "api/admission/still_admitted.h"
#include "base/until_cancelled.h"
#include "inbox/bounds.h"

namespace triggers::api {
namespace {

using std::chrono::steady_clock;

Refusal no_place(const Error& error) {
  const bool share = error.code == ErrorCode::share_used;
  return {
      share ? Code::rate_limit_exceeded : Code::service_unavailable,
      share ? "This tenant has used its share of the requests that may wait: end some, or send this one without a wait."
            : "This node has reached its limit of requests that wait: send this one without a wait, or again later.",
      Details().text("reason", "too_many_waiters").json(),
      {{"Retry-After", "1"}},
      share ? std::string() : error.message};
}

Refusal no_longer_admitted() {
  return {Code::forbidden,
          "The API key was changed or revoked while the request waited, and no longer allows this request.",
          Details().text("reason", "key_changed").json(),
          {},
          {}};
}

}  // namespace

OrRefusal<std::chrono::seconds> parse_wait(const std::vector<Parameter>& parameters) {
  const auto* const wait = find(parameters, "wait");
  if (wait == nullptr) return std::chrono::seconds(0);
  const auto number = parse_number("wait", *wait, inbox::wait_seconds_range.min, inbox::wait_seconds_range.max);
  if (!number) return number.error();
  return std::chrono::seconds(*number);
}

EntryWait::EntryWait(const Asked& asked) : asked_(asked), until_(steady_clock::now() + asked.time) {}

Task<void> EntryWait::begin() {
  const Tenant& tenant = asked_.exchange.key->tenant;
  auto arrivals = co_await asked_.arrivals->arrivals(tenant, asked_.inbox);
  if (!arrivals || !*arrivals) co_return;  // The look meets the same failure, and answers it.
  inbox_ = *std::move(arrivals);
  waiter_.emplace(asked_.arrivals->waiters(), *inbox_, tenant.id, asked_.kind);
}

void EntryWait::look_begins() noexcept {
  if (inbox_) version_ = asked_.kind.takes ? inbox_->version() : inbox_->version_for_lookers();
  ++looks_;
}

Task<OrRefusal<bool>> EntryWait::look_again() {
  if (!waiter_) co_return false;
  const http::Request& request = asked_.exchange.request;
  if (looks_ > quick_looks && !asked_.kind.takes) {
    const bool goes_on = co_await pause_until(request, std::min(until_, steady_clock::now() + slow_look));
    if (!goes_on) co_return false;
  }
  std::optional<http::CallerWatch> client(std::in_place, request, until_);
  const auto woken = co_await waiter_->wait(version_, client->cancellation());
  client.reset();
  if (!woken) co_return no_place(woken.error());
  if (*woken != store::Wake::event) co_return false;
  const bool admitted = co_await still_admitted(asked_.admission, request, asked_.exchange.route.access, asked_.inbox);
  if (!admitted) co_return no_longer_admitted();
  if (waiter_->removed()) co_return no_such_inbox(asked_.inbox);
  co_return true;
}

void EntryWait::served() noexcept {
  if (waiter_) waiter_->served();
}

Task<bool> pause_until(const http::Request& request, http::Caller::TimePoint until) {
  http::CallerWatch client(request, until);
  const auto why = co_await UntilCancelled(client.cancellation());
  co_return why == Cancellation::Reason::timeout;
}

}  // namespace triggers::api

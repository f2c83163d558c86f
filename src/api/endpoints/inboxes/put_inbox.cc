// PUT and PATCH /inboxes/{name}: put_inbox() and change_inbox() of inbox_endpoints.h.

#include "api/admission/admit.h"
#include "api/admission/admitted_inbox.h"
#include "api/endpoints/inboxes/if_match.h"
#include "api/endpoints/inboxes/inbox_endpoints.h"
#include "api/endpoints/inboxes/inbox_json.h"
#include "api/endpoints/inboxes/settings_body.h"
#include "api/exchange/off_loop.h"
#include "inbox/bounds.h"

namespace triggers::api {
namespace {

/// What a request asks for.
struct SettingsRequest {
  inbox::InboxName inbox;
  std::optional<store::InboxTag> if_match;
  NamedSettings settings;
};

Task<OrRefusal<SettingsRequest>> read_request(const Inboxes& inboxes, Exchange& exchange) {
  const auto admitted = co_await admit(inboxes.admission, exchange);
  if (!admitted) co_return admitted.error();
  auto inbox = admitted_inbox(exchange);
  if (!inbox) co_return std::move(inbox).error();
  const auto tag = if_match(exchange.request);
  if (!tag) co_return tag.error();
  auto parse = [&] { return parse_settings(exchange.request); };
  auto settings = co_await parse_off_loop(inboxes.parsers, exchange, std::move(parse));
  if (!settings) co_return std::move(settings).error();
  SettingsRequest request{*std::move(inbox), *tag, *std::move(settings)};
  co_return request;
}

Refusal too_many_inboxes() {
  return {Code::conflict,
          "A tenant has at most " + std::to_string(inbox::inboxes_per_tenant_max) +
              " inboxes: delete one before you create another.",
          Details().text("reason", "too_many_inboxes").number("limit_inboxes", inbox::inboxes_per_tenant_max).json(),
          {},
          {}};
}

OrRefusal<http::Response> answer(const Result<store::PutInbox>& put, const inbox::InboxName& name) {
  if (!put) {
    const Error& error = put.error();
    return error.code == ErrorCode::invalid_argument ? filter_does_not_fit(error) : from_inbox_error(error, name);
  }
  using enum store::PutInbox::Outcome;
  switch (put->outcome) {
    case created: {
      http::Response response = settings_response(201, put->inbox);
      response.add("Location", "/inboxes/" + name.text());
      return response;
    }
    case replaced: return settings_response(200, put->inbox);
    case no_match: {
      const bool exists = name.is_default() || put->inbox.number != 0;
      return settings_have_changed(exists ? std::optional(put->inbox.tag()) : std::nullopt);
    }
    case too_many: return too_many_inboxes();
  }
  INVARIANT(false, "an outcome without an entry in this switch");
}

}  // namespace

Task<OrRefusal<http::Response>> put_inbox(const Inboxes& inboxes, Exchange& exchange) {
  const auto request = co_await read_request(inboxes, exchange);
  if (!request) co_return request.error();
  inbox::Settings settings;
  request->settings.apply_to(settings);
  const auto put =
      co_await inboxes.store->put_inbox(exchange.key->tenant, request->inbox, std::move(settings), request->if_match);
  co_return answer(put, request->inbox);
}

Task<OrRefusal<http::Response>> change_inbox(const Inboxes& inboxes, Exchange& exchange) {
  const auto request = co_await read_request(inboxes, exchange);
  if (!request) co_return request.error();
  if (request->settings == NamedSettings()) co_return invalid("body", "names nothing to change");
  store::SettingsChange change = [named = request->settings](inbox::Settings& settings) -> Status {
    named.apply_to(settings);
    return Done{};
  };
  const auto changed =
      co_await inboxes.store->change_inbox(exchange.key->tenant, request->inbox, std::move(change), request->if_match);
  co_return answer(changed, request->inbox);
}

}  // namespace triggers::api

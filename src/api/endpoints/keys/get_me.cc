#include "api/endpoints/keys/get_me.h"

#include "api/admission/admit.h"
#include "api/endpoints/keys/key_json.h"
#include "api/endpoints/request_limits.h"

namespace triggers::api {
namespace {

namespace json = boost::json;

json::object limits_json(const OwnKey& own) {
  json::object limits;
  limits["request_bytes"] = own.request_bytes_max;
  limits["batch_bytes"] = own.batch_bytes_max;
  limits["payload_bytes"] = own.payload_bytes_max;
  limits["batch_events"] = batch_events_max;
  limits["page_events"] = page_events_max;
  limits["acknowledged_events"] = acknowledged_events_max;
  return limits;
}

}  // namespace

Task<OrRefusal<http::Response>> get_me(const OwnKey& own, Exchange& exchange) {
  const auto admitted = co_await admit(own.admission, exchange);
  if (!admitted) co_return admitted.error();
  json::object me = key_json(exchange.key->record);
  const limit::Decision& rate = *exchange.rate;
  me["rate_limit_remaining"] = rate.limit ? json::value(rate.remaining) : json::value(nullptr);
  me["rate_limit_reset_seconds"] =
      rate.limit ? json::value(std::chrono::ceil<std::chrono::seconds>(rate.reset).count()) : json::value(nullptr);
  me["limits"] = limits_json(own);
  http::Response response;
  response.body = json::serialize(me) + "\n";
  response.add("Cache-Control", "no-store");
  co_return response;
}

}  // namespace triggers::api

#include "api/exchange/exchange.h"

namespace triggers::api {
namespace {

// No tenant has such a name: a user_id holds no control characters.
constexpr std::string_view operator_holder = "\x01operator";
constexpr std::string_view metrics_holder = "\x01metrics";
constexpr std::string_view anybody_holder = "\x01anybody";

}  // namespace

std::string_view holder_of(const Exchange& exchange) noexcept {
  if (exchange.key) return exchange.key->tenant.id;
  if (exchange.is_operator || exchange.request.peer.local) return operator_holder;
  return exchange.route.endpoint == Endpoint::metrics ? metrics_holder : anybody_holder;
}

}  // namespace triggers::api

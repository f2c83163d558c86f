#include "api/endpoints/service/get_metrics.h"

#include "api/admission/admit.h"
#include "limit/address.h"
#include "metrics/scraper.h"

namespace triggers::api {
namespace {

/// A request that came through a proxy on this machine is not from this machine.
bool from_this_machine(const http::Request& request) {
  if (request.headers.find("X-Forwarded-For") || request.headers.find("Forwarded")) return false;
  const auto address = limit::Address::parse(request.peer.address);
  if (!address) return false;
  static const auto loopback = limit::parse_networks("127.0.0.0/8, ::1");
  for (const auto& network : *loopback) {
    if (network.contains(*address)) return true;
  }
  return false;
}

}  // namespace

Task<OrRefusal<http::Response>> get_metrics(const MetricsPage& page, Exchange& exchange) {
  bool sees_all_tenants =
      exchange.request.peer.local || (page.open_to_this_machine && from_this_machine(exchange.request));
  if (!sees_all_tenants && !page.open_to_all) {
    const auto admitted = co_await admit(page.admission, exchange);
    if (!admitted) co_return admitted.error();
    sees_all_tenants = exchange.sees_all_tenants();
  }
  auto scrape = page.registry.scraper().scrape();
  const auto made = co_await scrape;
  if (!made) co_return from_error(Error{ErrorCode::overloaded, "too many scrapes of the metrics are waiting"});
  http::Response response;
  response.content_type = metrics::Registry::content_type;
  response.body = sees_all_tenants ? std::string_view(made->text) : made->common();
  co_return response;
}

}  // namespace triggers::api

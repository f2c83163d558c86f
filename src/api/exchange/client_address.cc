#include "api/exchange/client_address.h"

namespace triggers::api {
namespace {

/// Every X-Forwarded-For as one list (RFC 9110, section 5.3): some proxies add a field of their own behind the one that
/// the client sent, instead of lengthening it.
std::string forwarded_for(const http::Headers& headers) {
  std::string list;
  for (std::size_t i = 0; i < headers.size(); ++i) {
    const auto [name, value] = headers.at(i);
    if (!http::equal_ignoring_case(name, "X-Forwarded-For")) continue;
    if (!list.empty()) list += ',';
    list += value;
  }
  return list;
}

}  // namespace

std::string client_address(const std::vector<limit::Network>& trusted_proxies, const http::Request& request) {
  if (trusted_proxies.empty()) return request.peer.address;
  return limit::client_address(request.peer.address, forwarded_for(request.headers), trusted_proxies);
}

}  // namespace triggers::api

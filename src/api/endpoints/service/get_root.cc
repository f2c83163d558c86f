#include "api/endpoints/service/get_root.h"

#include <boost/json.hpp>

#include "api/endpoints/service/embedded.h"
#include "api/endpoints/service/html.h"
#include "api/exchange/public_address.h"

namespace triggers::api {
namespace {

/// For a person who has opened the server's address in a browser.
http::Response page(const RootPage& root, const Exchange& exchange) {
  const std::string title = html_escaped(root.title);
  const std::string version = html_escaped(root.version);
  const std::string prefix = prefix_of(exchange);
  const std::string address = address_of(exchange, root.own_tls);
  http::Response response;
  response.content_type = "text/html; charset=utf-8";
  response.body =
      replaced(embedded::home_html,
               {{"{{title}}", title}, {"{{version}}", version}, {"{{prefix}}", prefix}, {address_in_pages, address}});
  return response;
}

http::Response names(const RootPage& root, const Exchange& exchange) {
  const std::string prefix = prefix_of(exchange);
  const auto path = [&](std::string_view name) { return std::string{prefix}.append(name); };
  boost::json::object names;
  names["name"] = root.title;
  names["version"] = root.version;
  names["docs"] = path("/docs");
  names["openapi"] = path("/openapi.json");
  names["status"] = path("/status");
  http::Response response;
  response.body = boost::json::serialize(names) + "\n";
  return response;
}

}  // namespace

OrRefusal<http::Response> get_root(const RootPage& root, const Exchange& exchange) {
  http::Response response = prefers_html(exchange.request) ? page(root, exchange) : names(root, exchange);
  response.add("Vary", "Accept, X-Forwarded-Host, X-Forwarded-Proto, X-Forwarded-Prefix");
  return response;
}

}  // namespace triggers::api

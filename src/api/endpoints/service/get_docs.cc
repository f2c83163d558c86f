#include "api/endpoints/service/get_docs.h"

#include "api/endpoints/service/embedded.h"
#include "api/endpoints/service/html.h"
#include "api/exchange/public_address.h"

namespace triggers::api {
namespace {

/// A cache must not give a page with one client's address to another client.
void for_this_address_only(http::Response& response) {
  response.add("Vary", "X-Forwarded-Host, X-Forwarded-Proto, X-Forwarded-Prefix");
}

}  // namespace

OrRefusal<http::Response> get_docs(bool own_tls, const Exchange& exchange) {
  http::Response response;
  response.content_type = "text/html; charset=utf-8";
  response.body = replaced(embedded::docs_html, {{address_in_pages, address_of(exchange, own_tls)}});
  for_this_address_only(response);
  return response;
}

OrRefusal<http::Response> get_openapi(bool own_tls, const Exchange& exchange) {
  http::Response response;
  response.body = replaced(embedded::openapi_json, {{address_in_openapi, address_of(exchange, own_tls)}});
  for_this_address_only(response);
  return response;
}

OrRefusal<http::Response> get_favicon() {
  http::Response response;
  response.status = 204;
  response.add("Cache-Control", "max-age=86400");
  return response;
}

}  // namespace triggers::api

#include "api/endpoints/endpoints.h"
#include "api/endpoints/service/embedded.h"
#include "api/endpoints/service/html.h"
#include "api/exchange/public_address.h"

namespace triggers::api {
namespace {

/// A cache in between must not show one client's address to another.
void for_this_address_only(http::Response& response) {
  response.add("Vary", "X-Forwarded-Host, X-Forwarded-Proto, X-Forwarded-Prefix");
}

}  // namespace

Answer get_docs(Services& services, const Exchange& exchange) {
  http::Response response;
  response.content_type = "text/html; charset=utf-8";
  response.body = replaced(embedded::docs_html, {{address_in_pages, address_of(services, exchange)}});
  for_this_address_only(response);
  return response;
}

Answer get_openapi(Services& services, const Exchange& exchange) {
  http::Response response;
  response.body = replaced(embedded::openapi_json, {{address_in_openapi, address_of(services, exchange)}});
  for_this_address_only(response);
  return response;
}

Answer get_favicon() {
  http::Response response;
  response.status = 204;
  response.add("Cache-Control", "max-age=86400");
  return response;
}

}  // namespace triggers::api

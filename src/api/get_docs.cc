#include "api/embedded.h"
#include "api/endpoints.h"

namespace triggers::api {

Answer get_docs(Services& /*services*/) {
  http::Response response;
  response.content_type = "text/html; charset=utf-8";
  response.body = embedded::docs_html;
  return response;
}

Answer get_openapi(Services& /*services*/) {
  http::Response response;
  response.body = embedded::openapi_json;
  return response;
}

}  // namespace triggers::api

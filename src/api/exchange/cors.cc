#include "api/exchange/cors.h"

#include <algorithm>

namespace triggers::api {
namespace {

/// The value for Access-Control-Allow-Origin; empty if the origin is not allowed, or CORS is off.
std::string_view allowed_origin(const std::vector<std::string>& allowed, const http::Request& request) {
  if (allowed.empty()) return {};
  const auto origin = request.headers.find("Origin");
  if (!origin) return {};
  if (allowed.front() == "*") return "*";
  return std::ranges::find(allowed, *origin) != allowed.end() ? *origin : std::string_view{};
}

}  // namespace

http::Response options(const std::vector<std::string>& allowed_origins, const http::Request& request,
                       std::string_view allow) {
  http::Response response;
  response.status = 204;
  response.add("Allow", std::string{allow});
  if (!allowed_origin(allowed_origins, request).empty() && request.headers.find("Access-Control-Request-Method")) {
    response.add("Access-Control-Allow-Methods", std::string{allow});
    response.add(
        "Access-Control-Allow-Headers",
        "Authorization, Content-Type, Content-Encoding, Idempotency-Key, If-Match, Last-Event-ID, X-Request-ID");
    response.add("Access-Control-Max-Age", "600");
  }
  return response;
}

void add_cors_fields(const std::vector<std::string>& allowed_origins, const http::Request& request,
                     http::Response& response) {
  if (allowed_origins.empty()) return;
  response.add("Vary", "Origin");
  const auto origin = allowed_origin(allowed_origins, request);
  if (origin.empty()) return;
  response.add("Access-Control-Allow-Origin", std::string{origin});
  response.add("Access-Control-Expose-Headers",
               "ETag, Location, X-Request-ID, Idempotent-Replayed, RateLimit, RateLimit-Policy, Retry-After");
}

}  // namespace triggers::api

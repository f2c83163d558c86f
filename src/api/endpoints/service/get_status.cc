#include <fmt/format.h>

#include "api/endpoints/endpoints.h"

namespace triggers::api {
namespace {

void append_member(std::string& out, std::string_view name, std::string_view value) {
  out += fmt::format(",\"{}\":", name);
  event::append_json_string(out, value);
}

}  // namespace

Answer get_status(Services& services) {
  const auto health = services.events.health();
  const bool stopping = services.stopping && services.stopping();
  const auto uptime = std::chrono::floor<std::chrono::seconds>(services.clock.steady() - services.started_at).count();
  http::Response response;
  response.body = health.writable && !stopping ? "{\"status\":\"ok\"" : "{\"status\":\"unavailable\"";
  append_member(response.body, "version", services.config.api_version);
  response.body += fmt::format(",\"uptime_seconds\":{}", uptime);
  if (!health.writable || stopping) {
    response.status = 503;
    response.add("Retry-After", "30");
    // Whoever asks has shown no key: the disk's own words are for the log.
    append_member(response.body, "problem",
                  stopping ? "the server is stopping" : "the store has stopped writes; its log says why");
  }
  response.body += "}\n";
  response.add("Cache-Control", "no-store");
  return response;
}

}  // namespace triggers::api

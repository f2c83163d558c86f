#include "api/endpoints/service/get_status.h"

#include <fmt/format.h>

#include "event/event.h"

namespace triggers::api {
namespace {

void append_member(std::string& out, std::string_view name, std::string_view value) {
  out += fmt::format(",\"{}\":", name);
  event::append_json_string(out, value);
}

}  // namespace

OrRefusal<http::Response> get_status(const ServiceStatus& status) {
  const auto health = status.store.health();
  const bool stopping = status.stopping && status.stopping();
  const auto uptime = std::chrono::floor<std::chrono::seconds>(status.clock.steady() - status.started_at).count();
  http::Response response;
  response.body = health.writable && !stopping ? "{\"status\":\"ok\"" : "{\"status\":\"unavailable\"";
  append_member(response.body, "version", status.version);
  response.body += fmt::format(",\"uptime_seconds\":{}", uptime);
  if (!health.writable || stopping) {
    response.status = 503;
    response.add("Retry-After", "30");
    // The caller has shown no key, so the disk's error text is for the log only.
    append_member(response.body, "problem",
                  stopping ? "the server is stopping" : "the store has stopped writes; its log says why");
  }
  response.body += "}\n";
  response.add("Cache-Control", "no-store");
  return response;
}

}  // namespace triggers::api

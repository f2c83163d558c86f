#include "api/api.h"

#include <algorithm>

#include "api/admission/admit.h"
#include "api/admission/admitted_request.h"
#include "api/dispatcher.h"
#include "api/exchange/base_path.h"
#include "api/exchange/client_address.h"
#include "api/exchange/cors.h"
#include "api/exchange/response_memory.h"
#include "api/logged_stream.h"
#include "api/request_metrics.h"
#include "base/uuid7.h"
#include "limit/rate_fields.h"
#include "log/log.h"

namespace triggers::api {
namespace {

constexpr std::size_t request_id_bytes_max = 128;
constexpr std::string_view every_method = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
constexpr std::chrono::seconds busy_line_interval{1};

/// Whether `text` has a run of letters and digits at least as long as an API key, with both cases. One key in 10^15
/// lacks one of the cases, and no hash in hexadecimal has both. A client may copy its key into the wrong header; the
/// log must not show it.
bool may_hold_a_key(std::string_view text) {
  std::size_t run = 0;
  bool lower = false;
  bool upper = false;
  return std::ranges::any_of(text, [&](char c) {
    const bool is_lower = c >= 'a' && c <= 'z';
    const bool is_upper = c >= 'A' && c <= 'Z';
    const bool goes_on = is_lower || is_upper || (c >= '0' && c <= '9');
    run = goes_on ? run + 1 : 0;
    lower = goes_on && (lower || is_lower);
    upper = goes_on && (upper || is_upper);
    return run >= auth::api_key_chars && lower && upper;
  });
}

/// The client's own id if it is sane: it goes into logs and headers.
std::string request_id(const http::Request& request, UnixMillis now) {
  const auto sent = request.headers.find("X-Request-ID");
  const auto sane = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view{"-_.:/+=@"}.find(c) != std::string_view::npos;
  };
  if (sent && !sent->empty() && sent->size() <= request_id_bytes_max && std::ranges::all_of(*sent, sane) &&
      !may_hold_a_key(*sent)) {
    return std::string{*sent};
  }
  thread_local Uuid7Generator ids;
  return ids.next(now).text();
}

Refusal no_such_path() {
  return {Code::not_found, "There is no such path; GET / names the API's documentation.", "{}", {}, {}};
}

Refusal wrong_method(std::string_view allow) {
  return {Code::method_not_allowed,
          "This path does not have this method.",
          Details().text("allow", allow).json(),
          {{"Allow", std::string{allow}}},
          {}};
}

}  // namespace

Api::Api(Services& services, log::AccessLog* access_log)
    : services_(services),
      access_log_(access_log),
      admission_{
          services.ring,  services.first_reads, services.failures, services.take_slice, services.config.trusted_proxies,
          services.clock, services.status},
      dispatcher_(std::make_unique<Dispatcher>(services, admission_)),
      metrics_(std::make_unique<RequestMetrics>(services.registry)) {}

Api::~Api() = default;

/// With what its ticket says, if it has one.
Exchange Api::exchange_of(const http::Request& request) {
  Exchange exchange{request, {}, {}, {}, nullptr, false, {}};
  exchange.begun = services_.clock.now();
  if (request.ticket) {
    static_cast<const AdmittedRequest&>(*request.ticket).hand_over(exchange);
  } else {
    exchange.id = request_id(request, exchange.begun);
  }
  return exchange;
}

http::Response Api::without_route(const Exchange& exchange, const RouteMatch& matched) {
  const http::Request& request = exchange.request;
  const bool known = !matched.path_name.empty();
  if (request.method == http::Method::options) {
    // A preflight of an unknown path is answered too, so that the script sees its request's 404.
    return options(services_.config.cors_allow_origins, request, known ? matched.allow : every_method);
  }
  return refuse(known ? wrong_method(matched.allow) : no_such_path(), request, exchange.id);
}

/// Fills in the route of the exchange as far as there is one.
RouteMatch Api::find_route(Exchange& exchange) const {
  const std::string_view path = exchange.request.path();
  const std::string_view local = behind_base_path(services_.config.base_path, path);
  exchange.base_path = path.size() == local.size() ? std::string_view{} : services_.config.base_path;
  RouteMatch matched = match(exchange.request.method, local);
  if (services_.inboxes == nullptr && needs_inboxes(matched.path_name)) matched = {};
  exchange.route.name = matched.path_name;
  return matched;
}

Task<http::Response> Api::handle(const http::Request& request) {
  const auto started = services_.clock.steady();
  Exchange exchange = exchange_of(request);
  const RouteMatch matched = find_route(exchange);
  http::Response response;
  if (matched.route) {
    exchange.route = *matched.route;
    auto answer = co_await dispatcher_->dispatch(exchange);
    if (answer) {
      if (auto refused = count_unless_counted(services_.answers, exchange, *answer)) answer = *std::move(refused);
    }
    response = answer ? std::move(*answer) : refuse(answer.error(), request, exchange.id);
  } else {
    response = without_route(exchange, matched);
  }
  finish(exchange, response, started);
  co_return response;
}

Task<http::Admission> Api::admit(const http::Request& head) {
  const auto started = services_.clock.steady();
  Exchange exchange = exchange_of(head);
  const RouteMatch matched = find_route(exchange);
  if (!matched.route) {
    http::Response response = without_route(exchange, matched);
    finish(exchange, response, started);
    co_return response;
  }
  exchange.route = *matched.route;
  if (const auto admitted = co_await admit_by_head(admission_, exchange); !admitted) {
    http::Response response = refuse(admitted.error(), head, exchange.id);
    finish(exchange, response, started);
    co_return response;
  }
  std::shared_ptr<http::Ticket> ticket = std::make_shared<AdmittedRequest>(admission_, exchange);
  co_return ticket;
}

/// A full queue or a stopped store refuses thousands of requests. All are counted, and one line a second says why.
/// Other failures are always logged, because the response promises their correlation id in the log.
bool Api::deserves_a_line(Code code) {
  if (code != Code::service_unavailable) return true;
  const auto now = services_.clock.steady();
  auto due = next_busy_line_.load();
  return now >= due && next_busy_line_.compare_exchange_strong(due, now + busy_line_interval);
}

http::Response Api::refuse(const Refusal& refusal, const http::Request& request, const std::string& id) {
  metrics_->refused(refusal.code);
  if (!refusal.cause.empty() && deserves_a_line(refusal.code)) {
    log::error("request_failed",
               {{"request_id", id}, {"error_code", code_name(refusal.code)}, {"cause", refusal.cause}});
  }
  if (request.peer.local && !refusal.cause.empty()) {
    // The operator must act, and so gets the cause that the log has.
    Refusal told = refusal;
    told.message = refusal.cause;
    return render(told, request, id);
  }
  return render(refusal, request, id);
}

void Api::finish(Exchange& exchange, http::Response& response, std::chrono::steady_clock::time_point started) {
  if (!exchange.base_path.empty()) {
    for (auto& [name, value] : response.headers) {
      if (name == "Location") value.insert(0, exchange.base_path);
    }
  }
  if (exchange.rate && exchange.rate->limit) {
    response.add("RateLimit-Policy", limit::policy_field(*exchange.rate->limit));
    response.add("RateLimit", limit::limit_field(*exchange.rate));
  }
  add_cors_fields(services_.config.cors_allow_origins, exchange.request, response);
  const auto duration = services_.clock.steady() - started;
  metrics_->answered(exchange.route.name, exchange.request.method, response.status, duration);
  if (access_log_ != nullptr) {
    log::AccessEntry entry;
    entry.time = services_.clock.now();
    entry.request_id = exchange.id;
    entry.method = http::method_name(exchange.request.method);
    entry.route = exchange.route.name.empty() ? "none" : exchange.route.name;
    entry.status = response.status;
    entry.duration = duration;
    entry.bytes_in = exchange.request.body.size();
    entry.bytes_out = response.body.size();
    if (exchange.key) {
      entry.key_id = exchange.key->record.key_id;
      entry.user_id = exchange.key->record.user_id;
    }
    const std::string client = client_address(services_.config.trusted_proxies, exchange.request);
    entry.client = client;
    if (response.stream != nullptr) {
      log_at_end(response, *access_log_, services_.clock, started, entry);
    } else {
      access_log_->write(entry);
    }
  }
  response.add("X-Request-ID", std::move(exchange.id));
}

http::Response Api::protocol_error(const http::ProtocolError& error, const http::Request& request) {
  Exchange exchange = exchange_of(request);
  find_route(exchange);
  http::Response response = refuse(from_protocol(error), request, exchange.id);
  finish(exchange, response, services_.clock.steady());
  return response;
}

http::Response Api::internal_error(const http::Request& request) {
  Exchange exchange = exchange_of(request);
  find_route(exchange);
  Refusal refusal = from_error(Error{ErrorCode::internal, "an exception left the handler"});
  http::Response response = refuse(refusal, request, exchange.id);
  finish(exchange, response, services_.clock.steady());
  return response;
}

std::size_t body_bytes_max(const config::Config& config, http::Method method, std::string_view target) {
  const auto path = behind_base_path(config.base_path, target.substr(0, target.find('?')));
  const bool batch = method == http::Method::post && (path == "/events/batch" || path == "/events/batch/");
  return batch ? config.batch_bytes_max : config.request_bytes_max;
}

}  // namespace triggers::api

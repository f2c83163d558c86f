#include "swarm/web/web_server.h"

#include <algorithm>
#include <map>
#include <utility>

#include "http/server/server.h"
#include "http/wire/url.h"
#include "swarm/web/endpoints.h"
#include "swarm/web/login.h"
#include "swarm/web/page.h"
#include "swarm/web/site_guard.h"

namespace triggers::swarm {
namespace {

using http::Request;
using http::Response;

constexpr std::string_view plain_type = "text/plain; charset=utf-8";
constexpr std::chrono::milliseconds grace_at_end{300}, polled_life{500};

Response plain(unsigned status, std::string text) { return text_response(status, plain_type, std::move(text) + "\n"); }

Response redirect(std::string to) {
  Response response = plain(303, "See " + to);
  response.add("Location", std::move(to));
  return response;
}

unsigned status_of(http::ProtocolProblem problem) {
  using enum http::ProtocolProblem;
  switch (problem) {
    case malformed:
    case bad_encoding: return 400;
    case timeout: return 408;
    case length_required: return 411;
    case answer_too_large:
    case body_too_large: return 413;
    case unsupported_encoding: return 415;
    case unsupported_expectation: return 417;
    case header_too_large: return 431;
    case not_implemented: return 501;
    case too_many_connections:
    case too_many_bodies:
    case shutting_down:
    case out_of_time: return 503;
    case version_not_supported: return 505;
  }
  return 500;
}

bool is_get(const Request& request) {
  return request.method == http::Method::get || request.method == http::Method::head;
}

class ServingPage final : public WebServer {
 public:
  ServingPage(const WebOptions& options, Desk& desk)
      : options_(options), desk_(desk), guard_(options.host, !options.login.empty()), login_(options.login) {}
  ~ServingPage() override {
    desk_.close();
    if (server_) server_->stop(grace_at_end);
  }

  Status listen() {
    http::ServerConfig config;
    config.host = options_.host;
    config.port = options_.port;
    config.threads = 1;
    config.tls_cert_path = options_.tls_cert_path;
    config.tls_key_path = options_.tls_key_path;
    config.connections_max = connections_max;
    config.refusing_max = connections_max;
    config.header_bytes_max = header_bytes_max;
    config.body_bytes_max = body_bytes_max;
    config.bodies_bytes_max = connections_max * body_bytes_max;
    http::Handlers handlers;
    handlers.handle = [this](const Request& request) { return handle(request); };
    handlers.protocol_error = [](const http::ProtocolError& error, const Request&) {
      return plain(status_of(error.problem), error.detail);
    };
    handlers.internal_error = [](const Request&) { return plain(500, "swarm failed to answer this request"); };
    auto server = http::Server::create(std::move(config), std::move(handlers));
    if (!server) return server.error();
    server_ = std::move(*server);
    server_->start();
    return Done{};
  }

  [[nodiscard]] std::string url() const override {
    const bool tls = !options_.tls_cert_path.empty();
    const bool everywhere = options_.host == "0.0.0.0" || options_.host == "::" || options_.host == "*";
    return (tls ? "https://" : "http://") +
           http::authority_of(everywhere ? "localhost" : options_.host, server_->port(), tls) + options_.base_path +
           "/";
  }

 private:
  Task<Response> handle(const Request& request) {
    Response response = co_await answer(request);
    response.add("X-Content-Type-Options", "nosniff");
    response.add("Referrer-Policy", "same-origin");
    response.add("Cross-Origin-Resource-Policy", "same-origin");
    response.add("Cache-Control", "no-cache");
    co_return response;
  }

  Task<Response> answer(const Request& request) {
    std::string_view path = request.path();
    if (path == options_.base_path && !path.empty()) co_return redirect(options_.base_path + "/");
    if (!path.starts_with(options_.base_path + "/")) co_return plain(404, "There is nothing at this path");
    path.remove_prefix(options_.base_path.size());
    const auto known = std::ranges::find(endpoints(), path, &Endpoint::path);
    const Endpoint* const endpoint = known == endpoints().end() ? nullptr : &*known;
    const bool changes = (endpoint != nullptr && endpoint->changes) || !is_get(request);
    if (const auto why = guard_.refusal(request, changes)) co_return plain(403, *why);
    if (path == "/authenticate") co_return authenticate(request);
    if (auto refused = without_login(request, path)) co_return std::move(*refused);
    if (path == "/logout") co_return leave(request);
    if (path == "/") co_return co_await at_desk(index_work());
    if (endpoint == nullptr) co_return file_or_nothing(request, path);
    const bool allowed = is_get(request) ? endpoint->get : endpoint->post && request.method == http::Method::post;
    if (!allowed) co_return wrong_method(*endpoint);
    auto form = form_of(request);
    if (!form) co_return plain(400, form.error().message);
    Desk::Work work = [this, endpoint, fields = std::move(*form)](TestControl& control) {
      return endpoint->is_polled ? polled(*endpoint, control, fields) : endpoint->answer(control, fields);
    };
    co_return co_await at_desk(std::move(work));
  }

  /// On the owner's thread. However many clients poll, their answer is made twice a second.
  Response polled(const Endpoint& endpoint, TestControl& control, const Form& form) {
    Polled& last = polled_[&endpoint];
    const auto now = std::chrono::steady_clock::now();
    const TestView view = control.view();
    const bool is_current = last.test == view.test && last.version == view.version && now < last.until;
    if (!is_current) {
      last = {.test = view.test,
              .version = view.version,
              .until = now + polled_life,
              .response = endpoint.answer(control, form)};
    }
    return last.response;
  }

  static Desk::Work index_work() {
    return [](TestControl& control) { return index_page(control.view(), control.settings()); };
  }

  Task<Response> at_desk(Desk::Work work) {
    auto response = co_await desk_.ask(std::move(work));
    if (response) co_return std::move(*response);
    Response busy = plain(503, "swarm is busy or ends; try again in a moment");
    busy.add("Retry-After", "1");
    co_return busy;
  }

  static Result<Form> form_of(const Request& request) {
    std::string text{request.query()};
    if (request.method == http::Method::post && !request.body.empty()) text += "&" + request.body;
    return Form::parse(text);
  }

  static Response wrong_method(const Endpoint& endpoint) {
    Response response = plain(405, "This path does not take this method");
    response.add("Allow", endpoint.get ? (endpoint.post ? "GET, HEAD, POST" : "GET, HEAD") : "POST");
    return response;
  }

  static Response file_or_nothing(const Request& request, std::string_view path) {
    if (is_get(request)) {
      if (auto file = page_file(path.substr(1), request)) return std::move(*file);
    }
    return plain(404, "There is nothing at this path");
  }

  /// The refusal of a request without the login that it needs.
  std::optional<Response> without_login(const Request& request, std::string_view path) {
    const bool for_the_form = path == "/login" || path == "/style.css";
    if (!login_.is_needed()) return path == "/login" ? std::optional{redirect(options_.base_path + "/")} : std::nullopt;
    switch (login_.check(request, std::chrono::steady_clock::now())) {
      case Login::Verdict::allowed:
        return path == "/login" ? std::optional{redirect(options_.base_path + "/")} : std::nullopt;
      case Login::Verdict::too_many_failures: return too_many_failures();
      case Login::Verdict::unknown:
      case Login::Verdict::wrong: break;
    }
    if (options_.login_page && for_the_form && is_get(request)) {
      return path == "/login" ? login_page({}) : file_or_nothing(request, path);
    }
    if (options_.login_page && path == "/") return redirect(options_.base_path + "/login");
    Response response = plain(401, "This page needs the user and password of --web-auth");
    if (!options_.login_page) response.add("WWW-Authenticate", "Basic realm=\"swarm\", charset=\"UTF-8\"");
    return response;
  }

  static Response too_many_failures() {
    Response response = plain(429, "Too many wrong passwords; wait a minute");
    response.add("Retry-After", std::to_string(Login::failures_window.count()));
    return response;
  }

  /// The login form posts here.
  Response authenticate(const Request& request) {
    if (request.method != http::Method::post) return redirect(options_.base_path + "/login");
    const auto form = Form::parse(request.body);
    if (!form) return plain(400, form.error().message);
    const auto now = std::chrono::steady_clock::now();
    switch (login_.check_password(form->find("username").value_or(""), form->find("password").value_or(""), now)) {
      case Login::Verdict::allowed: break;
      case Login::Verdict::too_many_failures: return too_many_failures();
      case Login::Verdict::unknown:
      case Login::Verdict::wrong: {
        Response response = login_page("Invalid username or password");
        response.status = 401;
        return response;
      }
    }
    Response response = redirect(options_.base_path + "/");
    response.add("Set-Cookie", cookie(login_.begin_session(now)));
    return response;
  }

  Response leave(const Request& request) {
    login_.end_session(request);
    Response response = redirect(options_.base_path + "/");
    response.add("Set-Cookie", cookie({}) + "; Max-Age=0");
    return response;
  }

  [[nodiscard]] std::string cookie(const std::string& token) const {
    return std::string{session_cookie} + "=" + token + "; Path=" + options_.base_path + "/; HttpOnly; SameSite=Strict" +
           (options_.tls_cert_path.empty() ? "" : "; Secure");
  }

  struct Polled {
    std::uint64_t test = 0, version = 0;
    std::chrono::steady_clock::time_point until;
    Response response;
  };

  const WebOptions options_;
  Desk& desk_;
  SiteGuard guard_;
  Login login_;
  std::map<const Endpoint*, Polled> polled_;  // of the owner's thread
  std::unique_ptr<http::Server> server_;
};

}  // namespace

Result<std::unique_ptr<WebServer>> WebServer::start(const WebOptions& options, Desk& desk) {
  auto server = std::make_unique<ServingPage>(options, desk);
  if (auto listening = server->listen(); !listening) return std::move(listening).error();
  return std::unique_ptr<WebServer>{std::move(server)};
}

}  // namespace triggers::swarm

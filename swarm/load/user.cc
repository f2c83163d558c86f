#include "swarm/load/user.h"

#include "base/invariant.h"
#include "swarm/load/failure_text.h"
#include "swarm/load/request_fields.h"

namespace triggers::swarm {

using std::chrono::steady_clock;

namespace {

constexpr unsigned too_many_requests = 429;
// Every 429 but that of the key's rate limit has `details.reason`; see docs/api.md.
constexpr std::string_view reason_member = R"("reason":)";
constexpr std::size_t failure_text_bytes_max = 500;  // a service may send any length

}  // namespace

Response::Response(UserContext& context, const Connection& connection, RequestName name, MonotonicTime sent,
                   std::string error)
    : context_(&context),
      connection_(&connection),
      name_(name),
      sent_(sent),
      latency_(steady_clock::now() - sent),
      finished_(epoch_at(sent + latency_)),
      error_(std::move(error)),
      body_bytes_(error_.empty() ? connection.response().body().size() : 0),
      status_(error_.empty() ? connection.response().status() : 0),
      rate_limited_(status_ == too_many_requests &&
                    connection.response().body().find(reason_member) == std::string_view::npos) {}

Response::Response(Response&& other) noexcept
    : context_(std::exchange(other.context_, nullptr)),
      connection_(other.connection_),
      name_(other.name_),
      sent_(other.sent_),
      latency_(other.latency_),
      finished_(other.finished_),
      error_(std::move(other.error_)),
      body_bytes_(other.body_bytes_),
      status_(other.status_),
      rate_limited_(other.rate_limited_),
      accepted_(other.accepted_),
      verdict_(other.verdict_) {}

Response::~Response() {
  if (context_ == nullptr) return;
  Sample sample;
  sample.latency = latency_;
  sample.finished = finished_;
  sample.content_bytes = body_bytes_;
  if (verdict_ == Verdict::by_status && error_.empty() && status_ >= 400) error_ = status_failure(status_, name_);
  if (rate_limited()) {
    context_->recorder().record(name_.limited(), sample, sent_);
  } else if (verdict_ != Verdict::success && !error_.empty()) {
    sample.failed = true;
    context_->recorder().record_failure(name_, sample, sent_, error_);
  } else {
    sample.accepted = accepted_;
    context_->recorder().record(name_, sample, sent_);
  }
}

void Response::failure(std::string_view why) {
  verdict_ = Verdict::failure;
  // If no response arrived, the connection's own error says more.
  if (status_ != 0) error_ = caught_failure(why.substr(0, failure_text_bytes_max));
}

User::User(UserContext& context)
    : context_(context), connection_(context.connections()), fields_(request_fields(context.connections().target)) {}

Task<void> User::on_start() { co_return; }
Task<void> User::on_stop() { co_return; }
Task<void> User::run_own_task() { co_return; }

User::ConnectionAwaiter User::connect() { return ConnectionAwaiter{*this}; }

void User::ConnectionAwaiter::await_suspend(std::coroutine_handle<> waiting) {
  waiting_ = waiting;
  user_.connection_.open(*this);
}

User::ConnectionAwaiter::~ConnectionAwaiter() {
  if (waiting_) user_.connection_.abandon();
}

void User::ConnectionAwaiter::finished(std::string_view error) {
  connected_ = error.empty();
  if (StartWatch* const start = user_.context_.connections().start) {
    if (connected_) {
      start->reached();
    } else {
      start->could_not_connect(user_.connection_.unconnected(), user_.context_.connections().target.url, error);
    }
  }
  std::exchange(waiting_, nullptr).resume();
}

void User::add_header(std::string_view name, std::string_view value) {
  fields_.append(name).append(": ").append(value).append("\r\n");
}

void User::set_header(std::string_view name, std::string_view value) {
  constexpr std::string_view line_end = "\r\n";
  for (std::size_t at = 0; at < fields_.size();) {
    const std::size_t next = fields_.find(line_end, at) + line_end.size();
    const auto field = std::string_view(fields_).substr(at, next - at);
    if (http::equal_ignoring_case(field.substr(0, field.find(':')), name)) {
      fields_.erase(at, next - at);
    } else {
      at = next;
    }
  }
  if (!value.empty()) add_header(name, value);
}

User::RequestAwaiter User::request(http::Method method, RequestName name, std::string_view path,
                                   std::string_view body) {
  std::string& out = connection_.request();
  out.clear();
  out.append(http::method_name(method)).append(" ").append(context_.connections().target.base_path).append(path);
  out.append(" HTTP/1.1\r\n").append(fields_);
  if (!body.empty()) out.append("Content-Type: application/json\r\n");
  if (!body.empty() || method == http::Method::post) {
    out.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
  }
  out.append("\r\n").append(body);
  return send(name);
}

User::RequestAwaiter User::send(RequestName name, std::optional<std::chrono::nanoseconds> timeout) {
  return RequestAwaiter{*this, name, timeout};
}

User::RequestAwaiter User::get(RequestName name, std::string_view path) {
  return request(http::Method::get, name, path);
}
User::RequestAwaiter User::post(RequestName name, std::string_view path, std::string_view json) {
  return request(http::Method::post, name, path, json);
}
User::RequestAwaiter User::del(RequestName name, std::string_view path) {
  return request(http::Method::del, name, path);
}

User::PauseAwaiter User::pause(std::chrono::nanoseconds time) {
  return PauseAwaiter{context_.connections().reactor, time};
}

void User::PauseAwaiter::await_suspend(std::coroutine_handle<> waiting) {
  waiting_ = waiting;
  reactor_.start(*this, steady_clock::now() + time_);
}

void User::RequestAwaiter::await_suspend(std::coroutine_handle<> waiting) {
  waiting_ = waiting;
  user_.context_.count_request();
  sent_ = user_.context_.take_due();
  user_.connection_.send(*this, timeout_);
}

Response User::RequestAwaiter::await_resume() {
  return Response{user_.context_, user_.connection_, name_, sent_, std::move(error_)};
}

User::RequestAwaiter::~RequestAwaiter() {
  if (!waiting_) return;
  user_.connection_.abandon();
  user_.context_.recorder().record_cut_off(name_, sent_, steady_clock::now());
}

void User::RequestAwaiter::finished(std::string_view error) {
  if (StartWatch* const start = user_.context_.connections().start) {
    if (error.empty()) {
      start->reached();
    } else {
      start->could_not_connect(user_.connection_.unconnected(), user_.context_.connections().target.url, error);
    }
  }
  error_ = error;
  std::exchange(waiting_, nullptr).resume();
}

}  // namespace triggers::swarm

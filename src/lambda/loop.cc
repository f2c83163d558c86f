#include "lambda/loop.h"

#include <algorithm>
#include <memory>

#include "base/process_start.h"
#include "lambda/invocation_executor.h"
#include "lambda/response_event.h"
#include "log/log.h"

namespace triggers::lambda {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::chrono::hours without_deadline{24};
constexpr std::chrono::seconds patience_at_end{5};

/// `1-5759e988-bd862e3fe1be46a994272793` of `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=…;Sampled=1`.
std::string_view root_of(std::string_view trace) {
  constexpr std::string_view name = "Root=";
  const auto at = trace.find(name);
  if (at == std::string_view::npos) return {};
  trace.remove_prefix(at + name.size());
  return trace.substr(0, trace.find(';'));
}

class Loop {
 public:
  Loop(RuntimeClient& runtime, const http::Handlers& handlers, const LoopConfig& config)
      : runtime_(runtime),
        handlers_(handlers),
        config_(config),
        executor_(std::make_unique<InvocationExecutor>(handlers)) {}

  LoopEnd run() {
    for (;;) {
      try {
        if (auto done = turn(); !done) return end(std::move(done).error());
      } catch (...) {
        return end({ErrorCode::internal, cause_of(std::current_exception())});
      }
    }
  }

 private:
  /// An error: the runtime interface does not work.
  Status turn() {
    auto invocation = runtime_.next();
    if (!invocation) return std::move(invocation).error();
    if (config_.on_begin) config_.on_begin();
    auto done = invoke_or_fail(*invocation);
    if (!done && (done.error().code == ErrorCode::unavailable || done.error().code == ErrorCode::internal)) return done;
    if (!done) {
      log::error("answer_refused", {{"lambda_request_id", invocation->request_id}, {"cause", done.error().message}});
    }
    if (config_.on_end) executor_->run_upkeep(config_.on_end, steady_clock::now() + config_.upkeep_max);
    return Done{};
  }

  /// An exception (memory has run out, most likely) fails the one invocation.
  Status invoke_or_fail(const Invocation& invocation) {
    std::string cause;
    try {
      return invoke(invocation);
    } catch (...) {
      cause = cause_of(std::current_exception());
    }
    log::error("invocation_failed", {{"lambda_request_id", invocation.request_id}, {"cause", cause}});
    return runtime_.fail(invocation.request_id, "Triggers.Failed", cause);
  }

  LoopEnd end(Error why) {
    const bool drained = executor_->drain(steady_clock::now() + patience_at_end);
    // Its coroutines may still be resumed, so it must stay until the process ends.
    if (!drained) static_cast<void>(executor_.release());
    return {std::move(why), !drained};
  }

  steady_clock::time_point answer_by(const Invocation& invocation) const {
    if (!invocation.deadline) return steady_clock::now() + without_deadline;
    const milliseconds left = std::max(*invocation.deadline - config_.clock->now(), milliseconds{0});
    return steady_clock::now() + std::max(left - config_.reserve, left / 2);
  }

  Status invoke(const Invocation& invocation) {
    const auto deadline = answer_by(invocation);
    auto incoming = read_event(invocation.event, config_.body_bytes_max);
    if (!incoming) {
      log::error("event_refused", {{"lambda_request_id", invocation.request_id}, {"cause", incoming.error().message}});
      return runtime_.fail(invocation.request_id, "Triggers.BadEvent", incoming.error().message);
    }
    name_request(incoming->request, invocation);
    const http::Response response = answer(*incoming, deadline);
    auto text = write_response(response, incoming->format, incoming->request);
    if (text.size() <= response_bytes_max) {
      auto told = runtime_.respond(invocation.request_id, std::move(text));
      if (told || told.error().code != ErrorCode::too_large) return told;
    }
    return runtime_.respond(invocation.request_id,
                            write_response(too_large(incoming->request), incoming->format, incoming->request));
  }

  static void name_request(http::Request& request, const Invocation& invocation) {
    if (request.headers.find("X-Request-ID")) return;
    std::string_view id = root_of(invocation.trace_id);
    if (id.empty()) id = root_of(request.headers.find("X-Amzn-Trace-Id").value_or(""));
    request.headers.add("X-Request-ID", std::string(id.empty() ? std::string_view(invocation.request_id) : id));
  }

  http::Response answer(RequestEvent& incoming, steady_clock::time_point deadline) {
    if (incoming.problem) return handlers_.protocol_error(*incoming.problem, incoming.request);
    auto response = executor_->run(incoming.request, std::move(incoming.packed), deadline);
    if (response && response->stream == nullptr) return std::move(*response);
    if (response) {
      const http::ProtocolError streams{http::ProtocolProblem::not_implemented,
                                        "A Lambda function cannot stream its response: ask for one page after another.",
                                        0, 0};
      return handlers_.protocol_error(streams, incoming.request);
    }
    const http::ProtocolError late{http::ProtocolProblem::out_of_time,
                                   "The function's time was over before the answer was there: send it again, the same.",
                                   0, 0};
    return handlers_.protocol_error(late, incoming.request);
  }

  http::Response too_large(const http::Request& request) {
    const http::ProtocolError error{http::ProtocolProblem::answer_too_large,
                                    "The answer is larger than Lambda lets through: ask for fewer events with limit.",
                                    response_bytes_max, 0};
    return handlers_.protocol_error(error, request);
  }

  RuntimeClient& runtime_;
  const http::Handlers& handlers_;
  const LoopConfig& config_;
  std::unique_ptr<InvocationExecutor> executor_;
};

}  // namespace

LoopEnd serve(RuntimeClient& runtime, const http::Handlers& handlers, const LoopConfig& config) {
  return Loop(runtime, handlers, config).run();
}

}  // namespace triggers::lambda

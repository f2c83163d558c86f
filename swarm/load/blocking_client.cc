#include "swarm/load/blocking_client.h"

#include <chrono>
#include <optional>

#include "swarm/load/request_fields.h"

namespace triggers::swarm {
namespace {

struct PendingRequest final : Connection::CompletionHandler {
  explicit PendingRequest(Reactor& reactor_of) : reactor(reactor_of) {}
  void finished(std::string_view failure) override {
    error = failure;
    reactor.post([] {});  // Wakes the round: it fires timers before it waits for events, and none may come.
  }
  Reactor& reactor;
  std::optional<std::string> error;  // Empty after a response; nothing while the request is under way.
};

}  // namespace

BlockingClient::BlockingClient(const Target& target, const net::TlsClientContext* tls, std::string_view api_key,
                               std::chrono::nanoseconds timeout)
    : context_{.reactor = reactor_, .target = target, .tls = tls, .request_timeout = timeout},
      connection_(context_),
      fields_(request_fields(target)) {
  fields_.append("Authorization: Bearer ").append(api_key).append("\r\n");
}

Result<BlockingClient::Reply> BlockingClient::ask(http::Method method, std::string_view path) {
  std::string& out = connection_.request();
  out.assign(http::method_name(method)).append(" ").append(context_.target.base_path).append(path);
  out.append(" HTTP/1.1\r\n").append(fields_).append("\r\n");
  const auto began = std::chrono::steady_clock::now();
  auto reply = try_once();
  // The service may have closed an idle connection just as we used it. A service that does not respond is not asked
  // again.
  const bool timed_out = std::chrono::steady_clock::now() - began >= context_.request_timeout;
  return reply || timed_out ? std::move(reply) : try_once();
}

Result<BlockingClient::Reply> BlockingClient::try_once() {
  PendingRequest request(reactor_);
  connection_.send(request);
  while (!request.error) reactor_.round();
  if (!request.error->empty()) {
    return Error{ErrorCode::unavailable, "no response from " + context_.target.url + ": " + *request.error};
  }
  return Reply{connection_.response().status(), std::string{connection_.response().body()}};
}

}  // namespace triggers::swarm

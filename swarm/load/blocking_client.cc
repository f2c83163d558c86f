#include "swarm/load/blocking_client.h"

#include <chrono>
#include <optional>

#include "swarm/load/request_fields.h"

namespace triggers::swarm {
namespace {

struct Wait final : Connection::Exchange {
  explicit Wait(Reactor& reactor_of) : reactor(reactor_of) {}
  void finished(std::string_view error) override {
    outcome = error;
    reactor.post([] {});  // A timeout comes before the round waits for events, and there may be none.
  }
  Reactor& reactor;
  std::optional<std::string> outcome;  // the error, or empty
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
  // The service may have closed a connection that it had kept open, in the moment in which it was used. A silent one is
  // not asked again.
  const bool timed_out = std::chrono::steady_clock::now() - began >= context_.request_timeout;
  return reply || timed_out ? std::move(reply) : try_once();
}

Result<BlockingClient::Reply> BlockingClient::try_once() {
  Wait wait(reactor_);
  connection_.send(wait);
  while (!wait.outcome) reactor_.round();
  if (!wait.outcome->empty()) {
    return Error{ErrorCode::unavailable, "no answer from " + context_.target.url + ": " + *wait.outcome};
  }
  return Reply{connection_.response().status(), std::string{connection_.response().body()}};
}

}  // namespace triggers::swarm

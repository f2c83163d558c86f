#include "operator_client.h"

#include <filesystem>
#include <thread>

#include "base/sync_wait.h"
#include "http/client/fetch.h"
#include "local_socket.h"
#include "store_owner.h"

namespace triggers {
namespace {

/// Only `create` makes a store. For any other command a directory without one means that --data-dir is wrong.
bool starts_a_store(const http::Request& request) {
  return request.method == http::Method::post && request.target == "/admin/keys";
}

/// What only reads finds the store as it left it, also a store that a release of another version made.
store::Access access_for(const http::Request& request) {
  const bool reads = request.method == http::Method::get || request.target == "/admin/backup";
  return reads ? store::Access::read : store::Access::write;
}

/// How long another process may have the store without a socket: a server that starts (it replays its log first) or
/// stops, or another command.
constexpr std::chrono::seconds patience{10};
constexpr std::chrono::milliseconds look_interval{20};

/// A server that starts waits 10 s for a command that has the store.
constexpr std::chrono::seconds store_kept_max{5};
/// Who waits for the store looks at it more often than this.
constexpr std::chrono::milliseconds time_for_others{100};

/// `not_found` if there is neither a store nor a part of one.
Status expect_store(const std::string& directory) {
  for (const auto* name : {"/FORMAT", "/db"}) {
    std::error_code error;
    if (std::filesystem::exists(directory + name, error)) return Done{};
    if (error) return Error{ErrorCode::unavailable, "cannot look into " + directory + ": " + error.message()};
  }
  return Error{ErrorCode::not_found, "there is no store in " + directory + ": name its directory with --data-dir"};
}

/// Over the local socket; `unavailable` if nobody listens there.
Result<http::ClientResponse> ask_server(const std::string& data_dir, const http::Request& request,
                                        std::chrono::milliseconds timeout) {
  const UniqueFd directory = open_directory(data_dir);
  if (!directory) return Error{ErrorCode::unavailable, "there is no directory " + data_dir};
  http::ServerAddress server;
  server.unix_path = local_socket_path(directory);
  return http::fetch(server, request, timeout);
}

http::ClientResponse as_received(http::Response response) {
  http::ClientResponse received;
  received.status = response.status;
  for (const auto& [name, value] : response.headers) received.headers.add(name, value);
  received.body = std::move(response.body);
  return received;
}

}  // namespace

bool store_exists(const config::Config& config) { return expect_store(config.data_dir).ok(); }

Status OperatorSession::open_store(const http::Request& request) {
  const bool embedded = config_.store == config::Store::embedded;
  const store::Access access = access_for(request);
  const bool enough = access_ == store::Access::write || access == store::Access::read;
  if (service_ && enough) return Done{};
  service_.reset();
  if (embedded && !starts_a_store(request)) {
    if (auto found = expect_store(config_.data_dir); !found) return found;
  }
  auto service = Service::open(config_, false, Clock::system(), access);
  if (!service) return std::move(service).error();
  service_ = std::move(*service);
  access_ = access;
  opened_at_ = std::chrono::steady_clock::now();
  return Done{};
}

/// On the store itself; `conflict` if another process has it.
Result<http::ClientResponse> OperatorSession::ask_store(const http::Request& request) {
  if (auto opened = open_store(request); !opened) return std::move(opened).error();
  return as_received(sync_wait(service_->api().handle(request)));
}

Result<http::ClientResponse> OperatorSession::send(http::Request request, std::chrono::milliseconds timeout) {
  request.peer.local = true;
  const bool kept_long = std::chrono::steady_clock::now() - opened_at_ >= store_kept_max;
  if (service_ && kept_long && config_.store == config::Store::embedded) {
    release_store();
    std::this_thread::sleep_for(time_for_others);
  }
  if (service_ || config_.store == config::Store::dynamodb) {
    auto answer = ask_store(request);
    if (answer || answer.error().code != ErrorCode::conflict) return answer;
  }
  const auto deadline = std::chrono::steady_clock::now() + patience;
  for (;;) {
    auto answer = ask_server(config_.data_dir, request, timeout);
    if (answer || answer.error().code != ErrorCode::unavailable) return answer;
    const auto owner = store_owner(config_.data_dir);
    if (owner) {
      answer = Error{ErrorCode::conflict, in_use_text(config_.data_dir, *owner)};
    } else {
      answer = ask_store(request);
    }
    // Another process may have opened it since the check.
    const bool taken = !answer && answer.error().code == ErrorCode::conflict;
    if (!taken || std::chrono::steady_clock::now() >= deadline) return answer;
    std::this_thread::sleep_for(look_interval);
  }
}

Result<http::ClientResponse> send_as_operator(const config::Config& config, http::Request request) {
  return OperatorSession(config).send(std::move(request), operator_deadline);
}

}  // namespace triggers

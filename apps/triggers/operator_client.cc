#include "operator_client.h"

#include <filesystem>
#include <thread>

#include "base/sync_wait.h"
#include "http/client/fetch.h"
#include "local_socket.h"
#include "service.h"
#include "store_owner.h"

namespace triggers {
namespace {

constexpr std::chrono::minutes answer_deadline{10};  // A backup may copy for long.

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
Result<OperatorResponse> ask_server(const std::string& data_dir, const http::Request& request) {
  const UniqueFd directory = open_directory(data_dir);
  if (!directory) return Error{ErrorCode::unavailable, "there is no directory " + data_dir};
  http::ServerAddress server;
  server.unix_path = local_socket_path(directory);
  auto answer = http::fetch(server, request, answer_deadline);
  if (!answer) return std::move(answer).error();
  return OperatorResponse{answer->status, std::move(answer->body)};
}

/// On the store itself; `conflict` if another process has it.
Result<OperatorResponse> ask_store(const config::Config& config, const http::Request& request) {
  const bool embedded = config.store == config::Store::embedded;
  if (embedded && !starts_a_store(request)) {
    if (auto found = expect_store(config.data_dir); !found) return std::move(found).error();
  }
  auto service = Service::open(config, false, Clock::system(), access_for(request));
  if (!service) return std::move(service).error();
  auto response = sync_wait((*service)->api().handle(request));
  return OperatorResponse{response.status, std::move(response.body)};
}

}  // namespace

bool store_exists(const config::Config& config) { return expect_store(config.data_dir).ok(); }

Result<OperatorResponse> send_as_operator(const config::Config& config, http::Request request) {
  request.peer.local = true;
  if (config.store == config::Store::dynamodb) return ask_store(config, request);
  const auto deadline = std::chrono::steady_clock::now() + patience;
  for (;;) {
    auto answer = ask_server(config.data_dir, request);
    if (answer || answer.error().code != ErrorCode::unavailable) return answer;
    const auto owner = store_owner(config.data_dir);
    if (owner) {
      answer = Error{ErrorCode::conflict, in_use_text(config.data_dir, *owner)};
    } else {
      answer = ask_store(config, request);
    }
    // Another process may have opened it since the check.
    const bool taken = !answer && answer.error().code == ErrorCode::conflict;
    if (!taken || std::chrono::steady_clock::now() >= deadline) return answer;
    std::this_thread::sleep_for(look_interval);
  }
}

}  // namespace triggers

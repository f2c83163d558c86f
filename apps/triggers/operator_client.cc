#include "operator_client.h"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>

#include "base/sync_wait.h"
#include "http/client.h"
#include "service.h"

namespace triggers {
namespace {

constexpr std::chrono::minutes answer_deadline{10};  // A backup may copy for long.

/// Only making a key starts a store: for anything else a directory without one is a slip of --data-dir.
bool starts_a_store(const http::Request& request) {
  return request.method == http::Method::post && request.target == "/admin/keys";
}

bool holds_nothing(const std::string& directory) {
  std::error_code error;
  return !std::filesystem::exists(directory, error) || std::filesystem::is_empty(directory, error);
}

}  // namespace

Result<OperatorAnswer> send_as_operator(const config::Config& config, http::Request request) {
  request.peer.local = true;
  // Through the directory's descriptor: a socket's own path has room for 107 bytes only.
  if (const int directory = ::open(config.data_dir.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC); directory >= 0) {
    http::Endpoint endpoint;
    endpoint.unix_path = "/proc/self/fd/" + std::to_string(directory) + "/admin.sock";
    auto answer = http::exchange(endpoint, request, answer_deadline);
    ::close(directory);
    if (answer) return OperatorAnswer{answer->status, std::move(answer->body)};
    if (answer.error().code != ErrorCode::unavailable) return std::move(answer).error();
  }
  if (!starts_a_store(request) && holds_nothing(config.data_dir)) {
    return Error{ErrorCode::not_found,
                 "there is no store in " + config.data_dir + ": name its directory with --data-dir"};
  }
  auto service = Service::open(config, false);
  if (!service) return std::move(service).error();
  auto response = sync_wait((*service)->api().handle(request));
  return OperatorAnswer{response.status, std::move(response.body)};
}

}  // namespace triggers

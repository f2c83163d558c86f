#pragma once

// Sends a command's request to the running server, or to the store itself. The commands are in keys_command.h and, for
// backups, main.cc.

#include <string>

#include "base/result.h"
#include "config/config.h"
#include "http/wire/message.h"

namespace triggers {

struct OperatorResponse {
  unsigned status = 0;
  std::string body;
};

/// Sends a request as the operator: to the server that runs on the data directory, by its local socket, or, if none
/// runs, to the store in the directory itself; with DynamoDB always to the store. The responses are the same. Waits
/// some seconds for another process that has the directory but does not listen yet, then fails with `conflict`.
Result<OperatorResponse> send_as_operator(const config::Config& config, http::Request request);

/// Whether there is an embedded store, or a part of one, in the data directory.
[[nodiscard]] bool store_exists(const config::Config& config);

}  // namespace triggers

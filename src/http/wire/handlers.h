#pragma once

// What an application gives to a server: functions that admit and answer requests. Those of this service are made in
// apps/triggers/service.h.

#include <functional>
#include <memory>

#include "base/result.h"
#include "base/task.h"
#include "http/wire/message.h"
#include "http/wire/protocol_error.h"

namespace triggers {
class TurnPool;
}

namespace triggers::http {

/// Answers a request, which outlives the task. Called on IO threads, once at a time for each connection. If an
/// exception leaves it, `internal_error` makes the response.
using Handler = std::function<Task<Response>(const Request&)>;
/// Decides by the head whether a request may send its body: a ticket, which the handler gets with the request, or the
/// response that refuses it. It is not called for a request without a body, nor for an unencoded body of at most 16 KiB
/// that arrived with its head, since such a body needs no further memory.
using Admission = Result<std::shared_ptr<Ticket>, Response>;
using AdmissionHandler = std::function<Task<Admission>(const Request& head)>;
/// Makes the response to a request that the server itself refuses, in the API's error format.
using ProtocolErrorHandler = std::function<Response(const ProtocolError&, const Request&)>;

/// What an application does with requests. The server calls it, and so does Lambda's loop.
struct Handlers {
  Handler handle;
  AdmissionHandler admit;  ///< May be empty: then every request may send its body.
  ProtocolErrorHandler protocol_error;
  std::function<Response(const Request&)> internal_error;  ///< For an exception that left `handle`: 500.
  /// Decodes what exceeds the first 16 KiB of a body, in turns by Ticket::holder. Null: the IO loop does, in slices.
  /// Outlives the server.
  TurnPool* decoders = nullptr;
};

}  // namespace triggers::http

#pragma once

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

/// Answers requests. The request is the session's, and outlives the task. Called on an IO thread, many at a time
/// (one for each connection); an exception that leaves it becomes ProtocolProblem-less 500 by `internal_error`.
using Handler = std::function<Task<Response>(const Request&)>;
/// Decides by the head (no body yet) whether a request may send its body: a ticket, which goes to the handler with the
/// request, or the answer that refuses it. Not asked about a request without a body, nor about a body of at most 16 KiB
/// that is not encoded and had come with the head: it takes nothing that the connection does not have already.
using Admission = Result<std::shared_ptr<Ticket>, Response>;
using AdmissionHandler = std::function<Task<Admission>(const Request& head)>;
/// Makes the body of an answer that the server itself gives, in the API's own error format.
using ProtocolErrorHandler = std::function<Response(const ProtocolError&, const Request&)>;

/// What an application does with requests, however they come: the server calls it, and Lambda's loop.
struct Handlers {
  Handler handle;
  AdmissionHandler admit;  ///< May be empty: then every request may send its body.
  ProtocolErrorHandler protocol_error;
  std::function<Response(const Request&)> internal_error;  ///< For an exception that left `handle`: 500.
  /// Where a body is decoded beyond its first 16 KiB, in turns by Ticket::holder. Null: on the IO loop, in slices.
  /// Outlives the server.
  TurnPool* decoders = nullptr;
};

}  // namespace triggers::http

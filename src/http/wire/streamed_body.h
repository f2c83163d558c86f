#pragma once

// A response's body that is made while it is sent, for streams of events. Whole bodies are in message.h; the server
// sends this one in http/server/session_stream.cc.

#include <string>

#include "base/fair_budget.h"
#include "base/task.h"

namespace triggers::http {

/// Takes the pieces of a body, for the connection of one client.
class BodyWriter {
 public:
  /// Sends a piece, and resumes when the connection has taken all of it: the client's pace is that of the body. An
  /// empty piece sends nothing.
  ///
  /// False: write no more. The client has left, or has not read the piece within ServerConfig::write_deadline, or there
  /// is no memory for the piece, or the server stops.
  [[nodiscard]] virtual Task<bool> write(std::string piece) = 0;

 protected:
  ~BodyWriter() = default;
};

/// Makes the body of a response in pieces, as long as it likes, and is destroyed after the last. The head of the
/// response is sent before the first piece, so errors are found before that, and are ordinary responses.
///
/// To HTTP/1.1 the pieces go as chunks, to HTTP/1.0 up to the end of the connection. For HEAD, nothing is made.
class StreamedBody {
 public:
  explicit StreamedBody(FairBudget::Share memory) : memory_(std::move(memory)) {}
  StreamedBody(const StreamedBody&) = delete;
  StreamedBody& operator=(const StreamedBody&) = delete;
  virtual ~StreamedBody() = default;

  /// True: the body is whole. False: the connection closes without the mark of its end, so that the client knows that
  /// something is missing; so does an exception. On the request's thread; the request and its Caller are there.
  ///
  /// A body without an end, like a stream of events, is whole wherever it ends. It waits with a CallerWatch, and ends
  /// when that is cancelled for another reason than `timeout`.
  virtual Task<bool> send(BodyWriter& writer) = 0;

  /// What the piece that is being sent counts in.
  [[nodiscard]] FairBudget::Share& memory() noexcept { return memory_; }

 private:
  FairBudget::Share memory_;
};

}  // namespace triggers::http

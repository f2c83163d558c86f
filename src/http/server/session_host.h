#pragma once

// What a session uses of its thread: the date text, a buffer for responses, the eviction queues. It exists so that
// session.h and session_loop.h need not include each other.

#include <chrono>
#include <string>
#include <string_view>

#include "http/server/eviction.h"
#include "http/wire/response_writer.h"
#include "net/loop.h"

namespace triggers::http {

class Session;

/// What a session uses of its loop. That loop's thread only, unless stated otherwise.
class SessionHost : public net::Loop {
 public:
  using net::Loop::Loop;

  /// Destroys the session.
  virtual void ended(Session& session) = 0;
  [[nodiscard]] EvictionQueues& queues() noexcept { return queues_; }
  /// Any thread; see EvictionQueue for what other threads may do.
  [[nodiscard]] const EvictionQueues& queues() const noexcept { return queues_; }
  [[nodiscard]] std::string_view date() { return date_.now(); }
  /// Where a session writes its response; valid until the session suspends.
  [[nodiscard]] std::string& answer_buffer() noexcept { return answer_buffer_; }

 private:
  DateText date_;
  std::string answer_buffer_;
  EvictionQueues queues_;  // outlives the sessions, which are in it
};

}  // namespace triggers::http

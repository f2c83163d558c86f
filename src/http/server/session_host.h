#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "http/server/eviction.h"
#include "http/wire/response_writer.h"
#include "net/loop.h"

namespace triggers::http {

class Session;

/// A loop as its sessions see it. That loop's thread only, unless stated otherwise.
class SessionHost : public net::Loop {
 public:
  using net::Loop::Loop;

  /// The session is destroyed.
  virtual void ended(Session& session) = 0;
  [[nodiscard]] EvictionQueues& queues() noexcept { return queues_; }
  /// Any thread: who could give its place; see EvictionQueue for what other threads may do.
  [[nodiscard]] const EvictionQueues& queues() const noexcept { return queues_; }
  [[nodiscard]] std::string_view date() { return date_.now(); }
  /// Where a session makes its answer; good until it suspends.
  [[nodiscard]] std::string& answer_buffer() noexcept { return answer_buffer_; }

 private:
  DateText date_;
  std::string answer_buffer_;
  EvictionQueues queues_;  // outlives the sessions, which stand in it
};

}  // namespace triggers::http

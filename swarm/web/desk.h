#pragma once

// Takes the calls of the server's threads to the thread that owns the test.

#include <coroutine>
#include <cstddef>
#include <deque>
#include <functional>
#include <optional>

#include "base/executor.h"
#include "base/mutex.h"
#include "base/task.h"
#include "http/wire/message.h"
#include "swarm/web/test_control.h"

namespace triggers::swarm {

/// Requests that wait for the owner's thread. Thus no lock guards a test: only its owner touches it.
class Desk {
 public:
  using Work = std::function<http::Response(TestControl&)>;
  static constexpr std::size_t waiting_max = 64;

  /// `wake` is called for each request, on the server's thread: the owner should serve() soon.
  explicit Desk(std::function<void()> wake) : wake_(std::move(wake)) {}
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;

  /// On a server's thread. Nothing if `waiting_max` requests wait already, or after close().
  Task<std::optional<http::Response>> ask(Work work);
  /// Does the work that waits. The owner's thread. An exception of the work becomes an empty answer.
  void serve(TestControl& control);
  /// Nothing is taken any more, and what waits gets an empty answer. Any thread.
  void close();

 private:
  struct Call {
    Work work;
    std::optional<http::Response> response;
    Executor* executor = nullptr;
    std::coroutine_handle<> waiting;
  };
  struct Awaiter;
  bool enqueue(Call& call);
  std::deque<Call*> take();

  std::function<void()> wake_;
  Mutex mutex_;
  std::deque<Call*> calls_ GUARDED_BY(mutex_);
  bool closed_ GUARDED_BY(mutex_) = false;
};

}  // namespace triggers::swarm

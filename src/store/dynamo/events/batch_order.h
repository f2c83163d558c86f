#pragma once

// Which events of one batch must wait for an equal one before them. Storing each event is in appender.h.

#include <coroutine>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "store/event_log.h"

namespace triggers::store::dynamo {

/// Places in a batch of the last events before one that may be equal to it. It waits for both, so that the first of
/// equal events is the one that is accepted; all others are stored concurrently.
struct EqualBefore {
  std::optional<std::size_t> by_content, by_key;
};
/// One for each event. `by_content`: events without an idempotency key are compared by their content.
[[nodiscard]] std::vector<EqualBefore> equal_before(std::span<const IncomingEvent> events, bool by_content);

/// The result of the event at `place`, if it follows from that of an equal event before it. The two were compared here,
/// so no call to DynamoDB is needed.
[[nodiscard]] std::optional<Appended> answer_of_equal(std::span<const IncomingEvent> events,
                                                      std::span<const Result<Appended>> answers, std::size_t place,
                                                      const EqualBefore& before);

/// Lets the tasks of a batch wait for the end of those before them. All on one executor.
class Turns {
 public:
  explicit Turns(std::size_t tasks) : tasks_(tasks) {}

  /// A task keeps this while it runs.
  class Turn {
   public:
    Turn(Turns& turns, std::size_t task) : turns_(turns), task_(task) {}
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() { turns_.end(task_); }

   private:
    Turns& turns_;
    const std::size_t task_;
  };

  /// For a task that was begun before this one.
  auto end_of(std::size_t task) {
    struct Awaiter {
      State& state;
      bool await_ready() const noexcept { return state.ended; }
      void await_suspend(std::coroutine_handle<> handle) const { state.waiting.push_back(handle); }
      void await_resume() const noexcept {}
    };
    return Awaiter{tasks_[task]};
  }

 private:
  struct State {
    bool ended = false;
    std::vector<std::coroutine_handle<>> waiting{};
  };
  void end(std::size_t task);

  std::vector<State> tasks_;
};

}  // namespace triggers::store::dynamo

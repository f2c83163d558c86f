#pragma once

// Requests of one user that are under way side by side, each on a connection of its own. The single request of a user
// is in load/user.h.

#include <coroutine>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "swarm/load/user.h"
#include "swarm/script/script_thread.h"

namespace triggers::swarm {

/// The requests of `batch()`. The connections are kept for the next batch.
class RequestBatch {
 public:
  static constexpr std::size_t requests_max = 32;

  explicit RequestBatch(UserContext& context) : context_(context) {}
  RequestBatch(const RequestBatch&) = delete;
  RequestBatch& operator=(const RequestBatch&) = delete;
  ~RequestBatch() { cut_off(); }

  /// Forgets what add() added, and the answers.
  void clear();
  /// Adds a request, of which the caller writes the bytes. At most `requests_max`.
  std::string& add();
  /// The request that add() added last.
  [[nodiscard]] ScriptRequest& last() noexcept { return lanes_[used_ - 1]->request; }
  [[nodiscard]] std::size_t size() const noexcept { return used_; }
  /// Null before the end of the requests, and after clear().
  [[nodiscard]] Response* answer(std::size_t number) noexcept;
  [[nodiscard]] const ScriptRequest& request(std::size_t number) const { return lanes_[number]->request; }

  /// `co_await` sends all requests and returns when all have ended.
  class [[nodiscard]] Awaiter {
   public:
    explicit Awaiter(RequestBatch& batch) : batch_(batch) {}
    Awaiter(const Awaiter&) = delete;
    Awaiter& operator=(const Awaiter&) = delete;
    ~Awaiter() { batch_.cut_off(); }
    [[nodiscard]] bool await_ready() const noexcept { return batch_.used_ == 0; }
    void await_suspend(std::coroutine_handle<> waiting) { batch_.send(waiting); }
    void await_resume() const noexcept {}

   private:
    RequestBatch& batch_;
  };
  Awaiter send() { return Awaiter{*this}; }

 private:
  struct Lane final : Connection::CompletionHandler {
    explicit Lane(RequestBatch& owner) : batch(owner), connection(owner.context_.connections()) {}
    void finished(std::string_view error) override { batch.finished(*this, error); }

    RequestBatch& batch;
    Connection connection;
    ScriptRequest request;
    MonotonicTime sent{};
    bool under_way = false;
    std::optional<Response> response;
  };

  void send(std::coroutine_handle<> waiting);
  void finished(Lane& lane, std::string_view error);
  /// Ends what is under way.
  void cut_off();

  UserContext& context_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::size_t used_ = 0, under_way_ = 0;
  std::coroutine_handle<> waiting_;
};

}  // namespace triggers::swarm

#pragma once

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/task.h"
#include "http/wire/message.h"
#include "swarm/load/connection.h"
#include "swarm/load/random.h"
#include "swarm/load/recorder.h"
#include "swarm/load/user_class.h"

namespace triggers::swarm {

class Journal;

/// What a user gets from the thread that runs it. Outlives the user.
class UserContext {
 public:
  UserContext(ConnectionContext& connections, Recorder& recorder, Random& random, Journal* journal, std::size_t number)
      : connections_(connections), recorder_(recorder), random_(random), journal_(journal), number_(number) {}

  [[nodiscard]] ConnectionContext& connections() noexcept { return connections_; }
  [[nodiscard]] Recorder& recorder() noexcept { return recorder_; }
  [[nodiscard]] Random& random() noexcept { return random_; }
  /// Where accepted events are written down; null if nowhere.
  [[nodiscard]] Journal* journal() noexcept { return journal_; }
  /// Of the users that this Load has started, from 0: spreads keys or data over users.
  [[nodiscard]] std::size_t number() const noexcept { return number_; }

  /// Open model: the next request should have been sent then, and is measured from then.
  void set_due(MonotonicTime due) noexcept { due_ = due; }
  /// That time, once; else now.
  [[nodiscard]] MonotonicTime take_due() noexcept {
    return due_ == MonotonicTime{} ? std::chrono::steady_clock::now() : std::exchange(due_, MonotonicTime{});
  }
  void count_request() noexcept { ++requests_; }
  [[nodiscard]] std::uint64_t requests() const noexcept { return requests_; }

 private:
  ConnectionContext& connections_;
  Recorder& recorder_;
  Random& random_;
  Journal* journal_;
  std::size_t number_;
  MonotonicTime due_{};
  std::uint64_t requests_ = 0;
};

/// What came of a request. It is counted when this goes: as a failure after failure(), after no answer, and after a
/// status of 400 or more unless success() was called. A 429 of the key's rate limit is counted under a name of its own
/// and is neither (see RequestName::limited). Other 429s of the service are failures: the key is wrong, or the service
/// had too much to do. What body() and header() return is good until the user sends again.
class [[nodiscard]] Response {
 public:
  Response(UserContext& context, const Connection& connection, RequestName name, MonotonicTime sent, std::string error);
  Response(Response&& other) noexcept;
  Response& operator=(Response&&) = delete;
  ~Response();

  /// 0 if there was no answer.
  [[nodiscard]] unsigned status() const noexcept { return status_; }
  [[nodiscard]] std::string_view body() const noexcept { return connection_->response().body(); }
  /// Empty if there is no such field.
  [[nodiscard]] std::string_view header(std::string_view name) const { return connection_->response().header(name); }

  /// 429, because of a rate limit: not of authentication, nor of too many requests under way.
  [[nodiscard]] bool rate_limited() const;
  void success() { verdict_ = Verdict::success; }
  void failure(std::string_view why);
  /// The service took so many new events with this request.
  void accepted(std::uint32_t events) { accepted_ = events; }

 private:
  enum class Verdict : std::uint8_t { by_status, success, failure };

  UserContext* context_;
  const Connection* connection_;
  RequestName name_;
  std::chrono::nanoseconds latency_;
  EpochSeconds finished_;
  std::string error_;
  unsigned status_;
  std::uint32_t accepted_ = 0;
  Verdict verdict_ = Verdict::by_status;
};

/// One simulated user, on one load thread: a connection, and coroutines that use it. A subclass is one kind of user;
/// its tasks are member functions that a UserClass names. A task may be destroyed while it waits, when the user is
/// stopped.
class User {
 public:
  explicit User(UserContext& context);
  User(const User&) = delete;
  User& operator=(const User&) = delete;
  virtual ~User() = default;

  /// Once, before the first task.
  virtual Task<void> on_start();

 protected:
  class RequestAwaiter;

  /// `co_await` one: an Response. `path` begins with a slash; a body is sent as JSON. Everything is copied.
  [[nodiscard]] RequestAwaiter request(http::Method method, RequestName name, std::string_view path,
                                       std::string_view body = {});
  [[nodiscard]] RequestAwaiter get(RequestName name, std::string_view path);
  [[nodiscard]] RequestAwaiter post(RequestName name, std::string_view path, std::string_view json);
  [[nodiscard]] RequestAwaiter del(RequestName name, std::string_view path);
  /// A field of every request from now on. No CR or LF.
  void add_header(std::string_view name, std::string_view value);

  [[nodiscard]] UserContext& context() noexcept { return context_; }
  [[nodiscard]] Random& random() noexcept { return context_.random(); }

 private:
  UserContext& context_;
  Connection connection_;
  std::string fields_;
};

/// For UserClass::declare: makes a user of this kind.
template <class Kind>
std::unique_ptr<User> make(UserContext& context) {
  return std::make_unique<Kind>(context);
}

namespace detail {
template <class Kind>
Kind kind_of(Task<void> (Kind::*)());
}

/// For UserClass::task: a member function of a kind of user.
template <auto member>
Task<void> task(User& user) {
  using Kind = decltype(detail::kind_of(member));
  return (static_cast<Kind&>(user).*member)();
}

class User::RequestAwaiter final : private Connection::CompletionHandler {
 public:
  RequestAwaiter(User& user, RequestName name) : user_(user), name_(name) {}
  RequestAwaiter(const RequestAwaiter&) = delete;
  RequestAwaiter& operator=(const RequestAwaiter&) = delete;
  ~RequestAwaiter();

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting);
  Response await_resume();

 private:
  void finished(std::string_view error) override;

  User& user_;
  RequestName name_;
  MonotonicTime sent_{};
  std::string error_;
  std::coroutine_handle<> waiting_;
};

}  // namespace triggers::swarm

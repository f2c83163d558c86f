#pragma once

// What a kind of user is written with: User with its requests, Response, which records the result in the statistics,
// and UserContext, what its load thread gives it. Its tasks and waits are declared with user_class.h; the kinds of this
// project are in apps/swarm/users.

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/task.h"
#include "http/wire/message.h"
#include "swarm/load/connection.h"
#include "swarm/load/load_options.h"
#include "swarm/load/random.h"
#include "swarm/load/recorder.h"

namespace triggers::swarm {

/// What a load thread gives to a user. Outlives the user.
class UserContext {
 public:
  UserContext(ConnectionContext& connections, Recorder& recorder, Random& random, const LoadOptions& options,
              std::size_t number)
      : connections_(connections), recorder_(recorder), random_(random), options_(options), number_(number) {}

  [[nodiscard]] ConnectionContext& connections() noexcept { return connections_; }
  [[nodiscard]] Recorder& recorder() noexcept { return recorder_; }
  [[nodiscard]] Random& random() noexcept { return random_; }
  /// The journal of accepted events; null if there is none.
  [[nodiscard]] Journal* journal() noexcept { return options_.journal; }
  [[nodiscard]] const InboxWork& inbox_work() const noexcept { return options_.inbox_work; }
  [[nodiscard]] bool no_wait() const noexcept { return options_.no_wait; }
  /// Number of this user among those that the LoadGenerator has started, from 0. Spreads keys or data over users.
  [[nodiscard]] std::size_t number() const noexcept { return number_; }

  /// Open model: the next request was due then, and its latency counts from then.
  void set_due(MonotonicTime due) noexcept { due_ = due; }
  /// Returns that time once; otherwise now.
  [[nodiscard]] MonotonicTime take_due() noexcept {
    return due_ == MonotonicTime{} ? std::chrono::steady_clock::now() : std::exchange(due_, MonotonicTime{});
  }
  void count_request() noexcept { ++requests_; }
  [[nodiscard]] std::uint64_t requests() const noexcept { return requests_; }

 private:
  ConnectionContext& connections_;
  Recorder& recorder_;
  Random& random_;
  const LoadOptions& options_;
  std::size_t number_;
  MonotonicTime due_{};
  std::uint64_t requests_ = 0;
};

/// The result of a request. The destructor records the request. It counts as a failure if failure() was called, if no
/// response arrived, or if the status is 400 or more and success() was not called. A 429 of the key's rate limit is
/// neither success nor failure, and counts under its own name (see RequestName::limited). Other 429s are failures. The
/// views from body() and header() are valid until the user sends again.
class [[nodiscard]] Response {
 public:
  Response(UserContext& context, const Connection& connection, RequestName name, MonotonicTime sent, std::string error);
  Response(Response&& other) noexcept;
  Response& operator=(Response&&) = delete;
  ~Response();

  /// 0 if no response arrived.
  [[nodiscard]] unsigned status() const noexcept { return status_; }
  [[nodiscard]] std::string_view body() const noexcept { return connection_->response().body(); }
  /// Empty if the field is missing.
  [[nodiscard]] std::string_view header(std::string_view name) const { return connection_->response().header(name); }

  /// True for a 429 of the key's rate limit; false for the others, such as that of too many concurrent requests.
  [[nodiscard]] bool rate_limited() const noexcept { return rate_limited_; }
  [[nodiscard]] std::chrono::nanoseconds latency() const noexcept { return latency_; }
  /// Why no response arrived, or what failure() said; empty without either.
  [[nodiscard]] const std::string& error() const noexcept { return error_; }
  void success() { verdict_ = Verdict::success; }
  void failure(std::string_view why);
  /// The service accepted this many new events.
  void accepted(std::uint32_t events) { accepted_ = events; }

 private:
  enum class Verdict : std::uint8_t { by_status, success, failure };

  UserContext* context_;
  const Connection* connection_;
  RequestName name_;
  MonotonicTime sent_;
  std::chrono::nanoseconds latency_;
  EpochSeconds finished_;
  std::string error_;
  std::size_t body_bytes_;
  unsigned status_;
  bool rate_limited_;
  std::uint32_t accepted_ = 0;
  Verdict verdict_ = Verdict::by_status;
};

/// One simulated user on one load thread: a connection, and coroutines that use it. A subclass is one kind of user; a
/// UserClass lists its tasks, which are member functions. Stopping a user may destroy a task while it is suspended.
class User {
 public:
  explicit User(UserContext& context);
  User(const User&) = delete;
  User& operator=(const User&) = delete;
  virtual ~User() = default;

  /// Called once, before the first task.
  virtual Task<void> on_start();
  /// True if on_stop() does something.
  [[nodiscard]] virtual bool has_on_stop() const { return false; }
  /// Called once, after the last task or instead of its rest; the user has `on_stop_max` for it.
  virtual Task<void> on_stop();
  static constexpr std::chrono::seconds on_stop_max{2};

  // Users that choose their tasks or waits themselves, as those of a script may.
  /// True if the next task is not one of the class's: run_own_task() chooses it.
  [[nodiscard]] virtual bool chooses_task() const { return false; }
  virtual Task<void> run_own_task();
  /// How long to wait after a task; nothing: as the class says.
  [[nodiscard]] virtual std::optional<std::chrono::nanoseconds> own_wait() { return std::nullopt; }
  /// True once the user wants to end.
  [[nodiscard]] bool leaves() const noexcept { return leaves_; }

  class ConnectionAwaiter;
  /// Open model, before on_start(): `co_await` returns true if the connection is open, so that the first request does
  /// not have to wait for it. Otherwise the first request tries again.
  [[nodiscard]] ConnectionAwaiter connect();

 protected:
  class RequestAwaiter;
  class PauseAwaiter;

  /// `co_await` returns a Response. `path` begins with a slash. A body is sent as JSON. The arguments are copied.
  [[nodiscard]] RequestAwaiter request(http::Method method, RequestName name, std::string_view path,
                                       std::string_view body = {});
  [[nodiscard]] RequestAwaiter get(RequestName name, std::string_view path);
  [[nodiscard]] RequestAwaiter post(RequestName name, std::string_view path, std::string_view json);
  [[nodiscard]] RequestAwaiter del(RequestName name, std::string_view path);
  /// The bytes of the next request, which the caller writes and send() sends.
  [[nodiscard]] std::string& request_bytes() noexcept { return connection_.request(); }
  /// Host, User-Agent, Accept, and what set_header() added: lines that end with CRLF.
  [[nodiscard]] const std::string& fields() const noexcept { return fields_; }
  /// As request(), of what is in request_bytes(). `timeout`: unset for that of the test.
  [[nodiscard]] RequestAwaiter send(RequestName name, std::optional<std::chrono::nanoseconds> timeout = {});
  /// `co_await` returns after this time. The other users of the thread run meanwhile.
  [[nodiscard]] PauseAwaiter pause(std::chrono::nanoseconds time);
  /// Adds a header field to all further requests. It must not contain CR or LF.
  void add_header(std::string_view name, std::string_view value);
  /// The same, in the place of fields with this name. An empty value removes them.
  void set_header(std::string_view name, std::string_view value);
  /// The user ends after its current task.
  void leave() noexcept { leaves_ = true; }

  [[nodiscard]] UserContext& context() noexcept { return context_; }
  [[nodiscard]] Random& random() noexcept { return context_.random(); }

 private:
  UserContext& context_;
  Connection connection_;
  std::string fields_;
  bool leaves_ = false;
};

/// For UserClass::declare: creates a user of this kind.
template <class Kind>
std::unique_ptr<User> make(UserContext& context) {
  return std::make_unique<Kind>(context);
}

namespace detail {
template <class Kind>
Kind kind_of(Task<void> (Kind::*)());
}

/// For UserClass::task: calls a member function of this kind of user.
template <auto member>
Task<void> task(User& user) {
  using Kind = decltype(detail::kind_of(member));
  return (static_cast<Kind&>(user).*member)();
}

class User::RequestAwaiter final : private Connection::CompletionHandler {
 public:
  RequestAwaiter(User& user, RequestName name, std::optional<std::chrono::nanoseconds> timeout)
      : user_(user), name_(name), timeout_(timeout) {}
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
  std::optional<std::chrono::nanoseconds> timeout_;
  MonotonicTime sent_{};
  std::string error_;
  std::coroutine_handle<> waiting_;
};

class User::ConnectionAwaiter final : private Connection::CompletionHandler {
 public:
  explicit ConnectionAwaiter(User& user) : user_(user) {}
  ConnectionAwaiter(const ConnectionAwaiter&) = delete;
  ConnectionAwaiter& operator=(const ConnectionAwaiter&) = delete;
  ~ConnectionAwaiter();

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting);
  [[nodiscard]] bool await_resume() const noexcept { return connected_; }

 private:
  void finished(std::string_view error) override;

  User& user_;
  bool connected_ = false;
  std::coroutine_handle<> waiting_;
};

class User::PauseAwaiter final : private Reactor::Timer {
 public:
  PauseAwaiter(Reactor& reactor, std::chrono::nanoseconds time) : reactor_(reactor), time_(time) {}
  PauseAwaiter(const PauseAwaiter&) = delete;
  PauseAwaiter& operator=(const PauseAwaiter&) = delete;
  ~PauseAwaiter() override { reactor_.cancel(*this); }

  [[nodiscard]] bool await_ready() const noexcept { return time_ <= std::chrono::nanoseconds{0}; }
  void await_suspend(std::coroutine_handle<> waiting);
  void await_resume() const noexcept {}

 private:
  void fire() override { std::exchange(waiting_, nullptr).resume(); }

  Reactor& reactor_;
  std::chrono::nanoseconds time_;
  std::coroutine_handle<> waiting_;
};

}  // namespace triggers::swarm

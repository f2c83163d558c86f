#pragma once

// For tests of requests that wait and of streams: a client whose patience and reading the test decides, and a fixture
// that takes each step of such a request. The fixture of other tests of inboxes is in test_inboxes.h.

#include <coroutine>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/endpoints/inboxes/test_inboxes.h"
#include "http/wire/caller.h"
#include "http/wire/streamed_body.h"
#include "store/test_waiting_reader.h"

namespace triggers::api {

/// The other end of one request.
class TestCaller final : public http::Caller {
 public:
  explicit TestCaller(bool takes_streams) : takes_streams_(takes_streams) {}

  void watch(Cancellation& told, TimePoint until) override {
    told_ = &told;
    until_ = until;
    if (left_) told.cancel(*left_);
  }
  void unwatch() noexcept override { told_ = nullptr; }
  [[nodiscard]] bool takes_streams() const noexcept override { return takes_streams_; }

  [[nodiscard]] bool watched() const noexcept { return told_ != nullptr; }
  /// How long the present wait may last.
  [[nodiscard]] std::chrono::milliseconds patience() const {
    return std::chrono::round<std::chrono::milliseconds>(until_ - std::chrono::steady_clock::now());
  }
  void time_is_over() {
    if (told_ != nullptr) told_->cancel(Cancellation::Reason::timeout);
  }
  /// For good.
  void end(Cancellation::Reason reason) {
    left_ = reason;
    if (told_ != nullptr) told_->cancel(reason);
  }

 private:
  const bool takes_streams_;
  Cancellation* told_ = nullptr;
  TimePoint until_{};
  std::optional<Cancellation::Reason> left_;
};

/// A request in progress, and what its client has got of it.
class StartedRequest final : private http::BodyWriter {
 public:
  StartedRequest(Api& api, store::SteppedExecutor& executor, http::Request request, bool takes_streams = true)
      : executor_(executor), caller_(takes_streams), request_(std::move(request)) {
    request_.caller = &caller_;
    executor_.enter([&] { run(*this, api); });
  }

  StartedRequest(const StartedRequest&) = delete;
  StartedRequest& operator=(const StartedRequest&) = delete;
  /// The client leaves.
  ~StartedRequest() {
    caller_.end(Cancellation::Reason::gone);
    reads_again();
    executor_.run();
  }

  TestCaller& caller() { return caller_; }
  /// Its response, if it has one. Runs what is ready first.
  const Seen* seen() {
    executor_.run();
    return seen_ ? &*seen_ : nullptr;
  }
  bool waits() { return seen() == nullptr && caller_.watched(); }
  /// The stream has ended.
  bool ended() {
    executor_.run();
    return ended_;
  }
  /// What was sent since the last call.
  std::string sent() {
    executor_.run();
    return std::exchange(sent_, {});
  }
  /// From now on the client does not read.
  void stops_reading() { reads_ = false; }
  void reads_again() {
    reads_ = true;
    if (reader_) executor_.resume({&reader_, 1});
    reader_ = nullptr;
  }

 private:
  struct UntilRead {
    StartedRequest& request;
    bool await_ready() const noexcept { return request.reads_; }
    void await_suspend(std::coroutine_handle<> handle) const { request.reader_ = handle; }
    void await_resume() const noexcept {}
  };

  static RootTask run(StartedRequest& self, Api& api) {
    http::Response response = co_await api.handle(self.request_);
    http::StreamedBody* const stream = response.stream;
    self.seen_.emplace(Seen{response});
    if (stream != nullptr) co_await stream->send(self);
    self.seen_->response.held.reset();
    response.held.reset();
    self.ended_ = true;
  }
  Task<bool> write(std::string piece) override {
    UntilRead until_read{*this};
    co_await until_read;
    sent_ += piece;
    co_return true;
  }

  store::SteppedExecutor& executor_;
  TestCaller caller_;
  http::Request request_;
  std::optional<Seen> seen_;
  std::string sent_;
  std::coroutine_handle<> reader_;
  bool reads_ = true, ended_ = false;
};

class WaitingTest : public InboxesTest {
 protected:
  static http::Request request(http::Method method, const std::string& target, const std::string& key,
                               const std::string& body = {}) {
    http::Request request;
    request.method = method;
    request.target = target;
    request.peer.address = "192.0.2.1";
    request.body = body;
    request.headers.add("Authorization", "Bearer " + key);
    return request;
  }
  StartedRequest start(http::Request request) { return {*service().api, executor_, std::move(request)}; }
  StartedRequest start_lease(const std::string& body = R"({"wait_seconds":20})", const std::string& inbox = "default") {
    return start(request(http::Method::post, "/inboxes/" + inbox + "/lease", creator_, body));
  }
  StartedRequest start_get(const std::string& target) { return start(request(http::Method::get, target, viewer_)); }
  StartedRequest start_stream(const std::string& query = "", const std::string& last_id = "",
                              const std::string& inbox = "default") {
    auto asked = request(http::Method::get, "/inboxes/" + inbox + "/stream" + query, viewer_);
    if (!last_id.empty()) asked.headers.add("Last-Event-ID", last_id);
    return start(std::move(asked));
  }
  TestService& service() { return service_; }
  std::size_t waiting() { return service_.store->waiters().waiting(); }
  /// Makes the key useless, as another node or the operator does.
  void revoke_viewer() {
    const auto page = service_.send_as_operator(http::Method::get, "/admin/keys?user_id=acme").json();
    for (const auto& key : page.at("keys").as_array()) {
      if (key.at("role").as_string() != "viewer") continue;
      service_.send_as_operator(http::Method::del, "/admin/keys/" + std::string(key.at("key_id").as_string()));
    }
  }

  store::SteppedExecutor executor_;
};

}  // namespace triggers::api

#include "http_outlet.h"

#include <utility>

namespace triggers::bench {

namespace {

/// How often workers without a batch look again. A request costs more than such a look.
constexpr std::chrono::microseconds retry_interval{500};

}  // namespace

class HttpOutlet::Worker final : private swarm::Connection::CompletionHandler {
 public:
  Worker(HttpOutlet& outlet, std::size_t index, swarm::ConnectionContext& context, swarm::ConnectionContext& waiting)
      : outlet_(outlet), index_(index), connection_(context), waiting_(waiting) {}

  /// Leases the next batch, if there may be one.
  void lease() {
    if (outlet_.finishing_) return;
    reserved_ = outlet_.listener_->reserve(outlet_.settings_.batch);
    if (reserved_ == 0) return outlet_.park(*this);
    step_ = Step::leasing;
    const bool waits = outlet_.settings_.waits && !outlet_.protocol_.waits_apart();
    start(connection_).write_lease(connection_.request(), index_, reserved_, waits);
    send(connection_);
  }

  void stop() {
    connection_.abandon();
    waiting_.abandon();
  }

 private:
  enum class Step { leasing, waiting, acknowledging };

  HttpProtocol& start(swarm::Connection& connection) {
    connection.request().clear();
    return outlet_.protocol_;
  }

  void send(swarm::Connection& connection) {
    ++outlet_.unanswered_;
    connection.send(*this);
  }

  void finished(std::string_view error) override {
    --outlet_.unanswered_;
    if (!error.empty()) return outlet_.listener_->failed(error);
    go_on();
    outlet_.finish_if_idle();
  }

  void go_on() {
    switch (step_) {
      case Step::leasing: return leased();
      case Step::waiting: return waited();
      case Step::acknowledging: return acknowledged();
    }
  }

  void leased() {
    outlet_.listener_->unreserve(std::exchange(reserved_, 0));
    batch_.clear();
    if (!outlet_.protocol_.read_lease(response_of(connection_), batch_)) return refuse("a lease", connection_);
    if (batch_.numbers.empty()) {
      if (!outlet_.settings_.waits) return outlet_.park(*this);
      if (!outlet_.protocol_.waits_apart()) return lease();
      step_ = Step::waiting;
      start(waiting_).write_wait(waiting_.request(), index_);
      return send(waiting_);
    }
    outlet_.listener_->received(batch_.numbers);
    step_ = Step::acknowledging;
    start(connection_).write_acknowledgement(connection_.request(), batch_);
    send(connection_);
  }

  void waited() {
    if (!outlet_.protocol_.is_waited(response_of(waiting_))) return refuse("a wait", waiting_);
    lease();
  }

  void acknowledged() {
    if (!outlet_.protocol_.is_acknowledged(response_of(connection_), batch_)) {
      return refuse("an acknowledgement", connection_);
    }
    outlet_.listener_->acknowledged(batch_.numbers);
    lease();
  }

  static Response response_of(const swarm::Connection& connection) {
    return {connection.response().status(), connection.response().body()};
  }

  void refuse(std::string_view what, const swarm::Connection& connection) {
    const Response response = response_of(connection);
    outlet_.listener_->failed(std::string{what} + " was answered " + std::to_string(response.status) + ": " +
                              std::string{response.body.substr(0, 300)});
  }

  HttpOutlet& outlet_;
  std::size_t index_;
  swarm::Connection connection_, waiting_;
  Step step_ = Step::leasing;
  std::size_t reserved_ = 0;
  Batch batch_;
};

HttpOutlet::HttpOutlet(swarm::ConnectionContext& context, swarm::ConnectionContext& waiting, HttpProtocol& protocol,
                       Settings settings)
    : reactor_(context.reactor), protocol_(protocol), settings_(settings) {
  for (std::size_t i = 0; i < settings.workers; ++i) {
    workers_.push_back(std::make_unique<Worker>(*this, i, context, waiting));
  }
}

HttpOutlet::~HttpOutlet() { reactor_.cancel(retry_); }

void HttpOutlet::start(Listener& listener) {
  listener_ = &listener;
  for (const auto& worker : workers_) worker->lease();
}

void HttpOutlet::finish() {
  finishing_ = true;
  finish_if_idle();
}

void HttpOutlet::finish_if_idle() {
  if (finishing_ && unanswered_ == 0) listener_->finished();
}

void HttpOutlet::stop() {
  reactor_.cancel(retry_);
  parked_.clear();
  for (const auto& worker : workers_) worker->stop();
}

void HttpOutlet::park(Worker& worker) {
  parked_.push_back(&worker);
  if (!retry_.waits()) reactor_.start(retry_, std::chrono::steady_clock::now() + retry_interval);
}

void HttpOutlet::retry() {
  for (Worker* const worker : std::exchange(parked_, {})) worker->lease();
}

}  // namespace triggers::bench

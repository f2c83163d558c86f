#include "http_intake.h"

namespace triggers::bench {

class HttpIntake::Sender final : private swarm::Connection::CompletionHandler {
 public:
  Sender(HttpIntake& intake, swarm::ConnectionContext& context) : intake_(intake), connection_(context) {}

  /// Leaves `numbers` empty.
  void send(std::vector<std::uint64_t>& numbers) {
    numbers_.clear();
    numbers_.swap(numbers);
    connection_.request().clear();
    intake_.protocol_.write_events(connection_.request(), numbers_);
    connection_.send(*this);
  }

 private:
  void finished(std::string_view error) override {
    if (!error.empty()) return intake_.listener_->failed(error);
    const Response response{connection_.response().status(), connection_.response().body()};
    if (!intake_.protocol_.are_accepted(response, numbers_.size())) {
      return intake_.listener_->failed("events were answered " + std::to_string(response.status) + ": " +
                                       std::string{response.body.substr(0, 300)});
    }
    intake_.free_.push_back(this);
    if (numbers_.size() == 1) return intake_.listener_->accepted(numbers_.front());
    // The listener may send the next batch on this connection.
    for (const std::uint64_t number : std::vector(numbers_)) intake_.listener_->accepted(number);
  }

  HttpIntake& intake_;
  swarm::Connection connection_;
  std::vector<std::uint64_t> numbers_;
};

HttpIntake::HttpIntake(swarm::ConnectionContext& context, HttpProtocol& protocol, Settings settings)
    : protocol_(protocol), batch_(settings.batch) {
  for (std::size_t i = 0; i < settings.connections; ++i) {
    senders_.push_back(std::make_unique<Sender>(*this, context));
    free_.push_back(senders_.back().get());
  }
}

HttpIntake::~HttpIntake() = default;

void HttpIntake::send(std::uint64_t number) {
  next_.push_back(number);
  if (next_.size() == batch_) flush();
}

void HttpIntake::flush() {
  if (next_.empty() || free_.empty()) return;
  Sender* const sender = free_.back();
  free_.pop_back();
  sender->send(next_);
}

}  // namespace triggers::bench

#include "http_intake.h"

namespace triggers::bench {

class HttpIntake::Sender final : private swarm::Connection::CompletionHandler {
 public:
  Sender(HttpIntake& intake, swarm::ConnectionContext& context) : intake_(intake), connection_(context) {}

  void send(std::uint64_t number) {
    number_ = number;
    connection_.request().clear();
    intake_.protocol_.write_event(connection_.request(), number);
    connection_.send(*this);
  }

 private:
  void finished(std::string_view error) override {
    if (!error.empty()) return intake_.listener_->failed(error);
    const Response response{connection_.response().status(), connection_.response().body()};
    if (!intake_.protocol_.is_accepted(response)) {
      return intake_.listener_->failed("an event was answered " + std::to_string(response.status) + ": " +
                                       std::string{response.body.substr(0, 300)});
    }
    intake_.free_.push_back(this);
    intake_.listener_->accepted(number_);
  }

  HttpIntake& intake_;
  swarm::Connection connection_;
  std::uint64_t number_ = 0;
};

HttpIntake::HttpIntake(swarm::ConnectionContext& context, HttpProtocol& protocol, std::size_t connections)
    : protocol_(protocol) {
  for (std::size_t i = 0; i < connections; ++i) {
    senders_.push_back(std::make_unique<Sender>(*this, context));
    free_.push_back(senders_.back().get());
  }
}

HttpIntake::~HttpIntake() = default;

void HttpIntake::send(std::uint64_t number) {
  Sender* const sender = free_.back();
  free_.pop_back();
  sender->send(number);
}

}  // namespace triggers::bench
